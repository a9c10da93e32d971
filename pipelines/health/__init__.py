"""How presswatch is: what fails, what is silent, what waits. Digest, status and doctor tell of it by the same rules.

failing, silent: endpoints that need somebody. cuts: when digests come, and which is late. books: sums of several runs.
status: the whole, put together of sources, one_source, runs, digests, waiting and next_poll; its shape is in
status_model and source_model, and what a person reads is made by status_text and source_text, as the parts of page,
in the words of words_en and words_zh, which speech says.
"""
