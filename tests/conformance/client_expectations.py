# SPDX-License-Identifier: Apache-2.0
"""What a client of the group `clients` cannot do, by (client, column); in all other places it passes, or is refused where it must
be. Each entry was measured and is checked again: that the request's line holds `sent`, and that the signature is the one for the
query (or path) in `signed` (or that the client ended with the words in `sent` and sent nothing)."""
import collections

SIGNS_OTHER, SENDS_OTHER, SENDS_NOTHING = "signs other", "sends other", "sends nothing"

Cannot = collections.namedtuple("Cannot", "outcome sent signed reason")

AS_IT_STANDS = "It signs a URL's query as it stands, and AWS signs *'()! encoded; pass parameters encoded."
ODD = Cannot(SIGNS_OTHER, "?s=*'()!~", "s=*'()!~", AS_IT_STANDS)
ENCODED = "?q=%2F%3F%23%26%3D%2B%25&u=%C3%A9%20%E2%82%AC"
PATH = "/a%20b/%C3%A9/~x+y"
ONCE = Cannot(SIGNS_OTHER, PATH, PATH, "It signs a path as it stands, and AWS signs its escapes encoded once more (but for S3).")
DECODED = Cannot(SIGNS_OTHER, PATH, "/a%20b/%C3%A9/~x%2By",
                 "It signs the path decoded and encoded once, and AWS signs the escapes that were sent encoded once more (but for S3).")
CURL = "libcurl 7.88 signs the query as it stands: not sorted, no = behind a bare name, nothing encoded; 8.23 (pycurl) does all that."

CANNOT = {
    ("requests-auth-aws-sigv4", "path"): ONCE,
    ("httpx-auth", "path"): DECODED,
    ("httpx-aws-auth", "path"): DECODED,
    ("curl", "path"): ONCE,
    ("aws-requests-auth", "odd"): ODD,
    ("httpx-aws-auth", "odd"): ODD,
    ("botocore", "odd"): ODD,
    ("requests-aws-sign", "encoded"): Cannot(
        SIGNS_OTHER, ENCODED, "q=%2F%3F%23%26%3D%2B%25&u=%C3%A9+%E2%82%AC", "It signs a blank as +, and sends %20."),
    ("awscurl", "encoded"): Cannot(
        SIGNS_OTHER, ENCODED, "q=%252F%253F%2523%2526%253D%252B%2525&u=%25C3%25A9%2520%25E2%2582%25AC",
        "It encodes once more what is encoded, in what it signs alone."),
    ("requests-auth-aws-sigv4", "odd"): ODD,
    ("requests-auth-aws-sigv4", "repeated"): Cannot(
        SIGNS_OTHER, "?a=2&b=x&a=1", "a=1&b=x", "It signs the last one of a repeated name, and sends them all."),
    ("requests-auth-aws-sigv4", "empty"): Cannot(
        SENDS_NOTHING, "ValueError: dictionary update sequence element #1 has length 1", None, "It cannot read a name without =."),
    ("curl", "order"): Cannot(SIGNS_OTHER, "?b=2&a=1&B=3", "b=2&a=1&B=3", CURL),
    ("curl", "repeated"): Cannot(SIGNS_OTHER, "?a=2&b=x&a=1", "a=2&b=x&a=1", CURL),
    ("curl", "empty"): Cannot(SIGNS_OTHER, "?e=&k", "e=&k", CURL),
    ("curl", "odd"): Cannot(SIGNS_OTHER, "?s=*'()!~", "s=*'()!~", CURL),
}

# curl is the machine's own and not pinned: with another version than the measured one it may pass, too.
UNPINNED = {"curl": "7.88.1"}
