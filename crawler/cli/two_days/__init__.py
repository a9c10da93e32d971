"""What `presswatch demo` is made of: the days, what went wrong in them, and how it is shown."""
