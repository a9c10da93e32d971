"""Times within messages."""

from zoneinfo import ZoneInfo

import pytest

from crawler.moments import in_zone

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("left alone until 2026-11-24T14:34:12.697494+00:00", "left alone until 2026-11-24 22:34"),
        ("left alone until 2025-03-04 05:01 UTC; so", "left alone until 2025-03-04 13:01; so"),
        ("published 2025-03-04T00:30:39+00:00, old", "published 2025-03-04 08:30, old"),
        ("published 2025-03-04T00:00:00+08:00, old", "published 2025-03-04 00:00, old"),
        ("from 2025-03-03 23:00 UTC to 2025-03-04T01:00:00Z", "from 2025-03-04 07:00 to 2025-03-04 09:00"),
        ("on 2025-03-04 at 12:00", "on 2025-03-04 at 12:00"),
        ("2025-03-04 05:01, no zone", "2025-03-04 05:01, no zone"),
        ("2025-13-04 05:01 UTC is no time", "2025-13-04 05:01 UTC is no time"),
        ("9999-12-31 23:59 UTC lies beyond", "9999-12-31 23:59 UTC lies beyond"),
    ],
)
def test_a_time_is_told_in_the_zone_to_the_minute(message, told):
    assert in_zone(message, SHANGHAI) == told
