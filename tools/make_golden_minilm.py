#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/tools/golden_minilm.json: token ids and sentence embeddings of all-MiniLM-L6-v2, the answers to expect.

Each entry is {"text", "ids", "embedding"}: ids of the Hugging Face tokenizer, and the embedding (mean over the tokens,
L2-normalised) of the transformers model computed in float64. Needs the Python packages torch and transformers.
"""
import argparse
import json
import pathlib

import safetensors.torch
import tokenizers
import torch
import transformers

MAX_TOKENS = 512

TEXTS = [
    # English: plain, punctuation, case, numbers, code
    "The pizza came out of the oven and it tasted good",
    "The trophy does not fit into the suitcase because it is too big.",
    "A man is eating food.",
    "A man is eating a piece of bread.",
    "hello",
    "HELLO, World!!! (It's 3:45 p.m. -- isn't it?)",
    "Unbelievably, antidisestablishmentarianism isn't hyperparameterisation.",
    "for (int i = 0; i < n; ++i) { sum += a[i] * b[i]; }  // O(n)",
    "https://example.org/path?query=1&lang=en#top  user@example.org  C:\\temp\\x.txt",
    "3.14159 1e-12 +49 (0)30 123456 $5.99 €20 £1 ¥100 50% ½ ² № 5 ∑∫√∞≠",
    # Latin with accents, composed and decomposed, and case pairs that are not one to one
    "Zażółć gęślą jaźń. Příliš žluťoučký kůň. Đặng Thị Ngọc Thịnh. Ærøskøbing, Straße, ÉCOLE",
    "cafe\u0301 nai\u0308ve a\u0323\u0302\u0301 Å Å x\u0338y q\u0307\u0323",
    "İstanbul ıI ẞß ﬁne ŉ ǅ ſtraße Ⅷ",
    "Z\u0351\u036b\u0343a\u0321\u0322l\u034fg\u0334\u0335o\u0336 \u0301lone mark",
    # One line per script
    "Η πίτσα βγήκε από τον φούρνο και ήταν νόστιμη. ΟΔΥΣΣΕΎΣ",
    "Пицца вышла из печи и была вкусной. Ёлка, Україна, Ђорђе",
    "Պիցցան դուրս եկավ վառարանից։",
    "הַפִּיצָה יָצְאָה מֵהַתַּנּוּר וְהָיְתָה טְעִימָה",
    "خرجت البيتزا من الفرن وكانت لذيذة، أليس كذلك؟ ٣٫١٤ پیتزا",
    "पिज़्ज़ा ओवन से निकला और स्वादिष्ट था। क्षत्रिय १२३",
    "পিৎজা ওভেন থেকে বেরিয়ে এল। পিৎজাটি সুস্বাদু ছিল",
    "பீட்சா அடுப்பிலிருந்து வெளியே வந்தது",
    "ਪੀਜ਼ਾ ਸੁਆਦ ਸੀ ਪિઝા ಪಿಜ್ಜಾ పిజ్జా പിസ്സ පීසා",
    "พิซซ่าออกจากเตาอบและอร่อยมาก ພິດຊາ ပီဇာ ភីហ្សា",
    "པི་ཙ་ཞིམ་པོ། ᠫᠢᠽᠠ᠂ ᏈᏣ ᐱᔅᓴ ፒዛ ጣፋጭ ነበር።",
    "პიცა ღუმელიდან გამოვიდა. ᲞᲘᲪᲐ ⲡⲓⲍⲁ ⵜⴰⵎⴰⵣⵉⵖⵜ ߊߡߊ",
    "比萨饼从烤箱里出来,味道很好。臺灣 𠀀𪜀 豈 〇〡",
    "ピザがオーブンから出てきて、おいしかった。ﾊﾟﾋﾟ が 々〆ヶ",
    "피자가 오븐에서 나왔고 맛있었다. \u1112\u1161\u11ab\u1100\u1173\u11af ㅋㅋ",
    "𐌰𐌱𐌲 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 𓀀𓁐 𒀀𒁀 ⠓⠑⠇⠇⠕ 𞤀𞤁 ꓐꓻ",
    # Emoji: plain, joined, with tone, flags, keycap
    "I love pizza 🍕😋!! 👍🏽 ❤️ ☺",
    "👨‍👩‍👧‍👦 👩🏿‍🚀 🏳️‍🌈 🇩🇪🇫🇷 1️⃣ good🍕pizza",
    # Control, format and space characters, the replacement character, private use, unassigned
    "a\u0000b\u0001c\u007fd\u0085e\u00adf\u200bg\u200dh\ufeffi\ufffdj",
    "tab\there\nnew\r\nline\u000bvertical\u00a0nbsp\u2003em\u3000wide\u2028line\u2029paragraph\u1680ogham",
    "\ue000private\U000f0000 \u0378unassigned\U0010ffff noncharacter\ufffe",
    "\u202eright to left\u202c \u2066isolate\u2069 soft\u00adhyphen",
    # Nothing at all
    "",
    " \t\r\n\u00a0\u3000 ",
    "\u0000\u200b\u0301",
    # Special tokens typed in, and what only looks like one
    "The pizza was [MASK] and [UNK][SEP]x[CLS] [PAD] good",
    "[mask] [ MASK ] [MASK [[MASK]] [unused1] ##ing # #x",
    # Punctuation alone, and a character of each kind between letters
    "...---!!!???«»„“”‘’…–—·¿¡§¶",
    "a.b,c-d_e'f\"g`h~i^j|k$l+m=n<o>p",
    "a،b。c।d፣e᠂f⸱g〜h・i︙j﹏k!l",
    # Long words, around the limit of 100 characters
    "a" * 100 + " " + "b" * 101 + " end",
    "e\u0301" * 100 + " " + "é" * 101,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    # One below 512 tokens, exactly 512, one more, far more
    "good " * 509,
    "pizza " * 510,
    "oven " * 511,
    "It tasted good, did it not? [MASK] " * 400,
]


def load_model(folder):
    config = transformers.BertConfig(
        vocab_size=30522,
        num_hidden_layers=6,
        num_attention_heads=12,
        hidden_size=384,
        intermediate_size=1536,
        max_position_embeddings=MAX_TOKENS,
        hidden_act="gelu",
        layer_norm_eps=1e-12,
        attn_implementation="eager",
    )
    model = transformers.BertModel(config, add_pooling_layer=False)
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    missing, _ = model.load_state_dict(weights, strict=False)
    if missing:
        raise SystemExit(f"{folder}: no weights for {missing[0]}")
    return model.double().eval()


def load_tokenizer(folder):
    tokenizer = tokenizers.BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def embedding_of(model, ids):
    with torch.inference_mode():
        hidden = model(torch.tensor([ids])).last_hidden_state[0]
    return torch.nn.functional.normalize(hidden.mean(dim=0), dim=0)


def entry_of(text, tokenizer, model):
    ids = tokenizer.encode(text).ids
    embedding = [float(f"{value:.9g}") for value in embedding_of(model, ids).tolist()]
    return {"text": text, "ids": ids, "embedding": embedding}


def main():
    output = pathlib.Path(__file__).resolve().parent.parent / "tests" / "tools" / "golden_minilm.json"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="folder with model.safetensors and vocab.txt")
    parser.add_argument("--output", type=pathlib.Path, default=output)
    arguments = parser.parse_args()
    tokenizer, model = load_tokenizer(arguments.model), load_model(arguments.model)
    lines = [json.dumps(entry_of(text, tokenizer, model), separators=(",", ":")) for text in TEXTS]
    arguments.output.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{arguments.output}: {len(lines)} texts")


if __name__ == "__main__":
    main()
