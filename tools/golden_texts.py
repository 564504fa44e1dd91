# SPDX-License-Identifier: Apache-2.0
"""What the scripts that make golden files of tokenisers share: texts in many scripts, every code point in given
surroundings, random texts that a test repeats, and digests of the ids of many texts."""

MASK64 = (1 << 64) - 1
SWEEP_BLOCK = 0x4000

SCRIPTS = [
    "\u042f \u043b\u044e\u0431\u043b\u044e \u0447\u0438\u0442\u0430\u0442\u044c \u043a\u043d\u0438\u0433\u0438, \u0439\u043e\u0433 \u0451\u043b\u043a\u0430",
    "\u0397 \u03b3\u03bb\u03ce\u03c3\u03c3\u03b1 \u03b5\u03af\u03bd\u03b1\u03b9 \u03cc\u03bc\u03bf\u03c1\u03c6\u03b7; \u1f08\u03c1\u03c7\u03ae",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u0627\u0644\u0644\u063a\u0629 \u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u064e\u0629\u061f \u0661\u0662\u0663",
    "\u0641\u0627\u0631\u0633\u06cc \u0645\u06cc\u200c\u062e\u0648\u0627\u0646\u0645",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964 \u0915\u094d\u0937",
    "\u09ac\u09be\u0982\u09b2\u09be \u09ad\u09be\u09b7\u09be \u0a2a\u0a70\u0a1c\u0a3e\u0a2c\u0a40 \u0a97\u0ac1\u0a9c\u0ab0\u0abe\u0aa4\u0ac0",
    "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0c24\u0c46\u0c32\u0c41\u0c17\u0c41 \u0c95\u0ca8\u0ccd\u0ca8\u0ca1 \u0d2e\u0d32\u0d2f\u0d3e\u0d33\u0d02 \u0dc3\u0dd2\u0d82\u0dc4\u0dbd",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01 \u0ea5\u0eb2\u0ea7 \u1019\u103c\u1014\u103a\u1019\u102c \u1781\u17d2\u1798\u17c2\u179a",
    "\u0f56\u0f7c\u0f51\u0f0b\u0f66\u0f90\u0f51\u0f0b \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8 \u1c90\u1c91 \u0540\u0561\u0575\u0565\u0580\u0565\u0576 \u12a0\u121b\u122d\u129b",
    "\u6211\u559c\u6b22\u5403\u62ab\u8428\u3002\u7e41\u9ad4\u4e2d\u6587\uff0c\u5f88\u597d\uff01 \U00020000\U0002a6d6\U0002b820\uf900",
    "\u79c1\u306f\u30d4\u30b6\u304c\u597d\u304d\u3067\u3059\u3002\u30ac\u30cf\u3099 \uff76\uff9e \uff21\uff22\uff43",
    "\ud53c\uc790\uac00 \ub9db\uc788\uc5c8\ub2e4. \u1112\u1161\u11ab",
    "Ti\u1ebfng Vi\u1ec7t r\u1ea5t \u0111\u1eb9p",
    "\u13e3\u13b3\u13a9 \uab70\uab71 \u1403\u14c4\u1483 \u16a0\u16a2\u16a6 \u1681\u1682 \u2c80\u2c81 \u1820\u1828",
    "\U00010330\U00010331 \U00010400\U00010428 \U00010d50 \U00011103\U0001112c \U0001e900\U0001e94a \U00013000",
]


def digest(token_ids):
    """FNV-1a over 32-bit words: the ids of each text and an end mark."""
    state = 0xCBF29CE484222325
    for ids in token_ids:
        for word in [*ids, 0xFFFFFFFF]:
            state = ((state ^ word) * 0x100000001B3) & MASK64
    return f"{state:016x}"


def encode_all(tokenizer, texts):
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def sweep(tokenizer, template):
    blocks = []
    for first in range(0, 0x110000, SWEEP_BLOCK):
        block = [c for c in range(first, first + SWEEP_BLOCK) if not 0xD800 <= c < 0xE000]
        blocks.append(digest(encode_all(tokenizer, [template.replace("{}", chr(c)) for c in block])))
    return blocks


class Random:
    """Texts by Knuth's MMIX generator; the upper bits. A kind is a range of code points, or the special token."""

    LONGEST = 40

    def __init__(self, seed, ranges, special):
        self.state, self.ranges, self.special = seed, ranges, special

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK64
        return (self.state >> 33) % limit

    def text(self):
        text = ""
        for _ in range(self.below(self.LONGEST)):
            kind = self.below(len(self.ranges) + 1)
            if kind == len(self.ranges):
                text += self.special
            else:
                first, last = self.ranges[kind]
                text += chr(first + self.below(last - first + 1))
        return text

    def texts(self, count):
        return [self.text() for _ in range(count)]
