"""Writes what the Python library tokenizers makes of hostile text:

    pip install tokenizers==0.23.3
    python generate.py

vocab.txt is read from bert-base-uncased; cased.json is a small tokenizer of another kind.
"""

import json
import pathlib
import random

from tokenizers import BertWordPieceTokenizer, processors

here = pathlib.Path(__file__).parent

WRITTEN = [
    "Mr. Smith was seen; BP 120/80, SpO2 97%.",
    "naïve café ÉÀ Ångström Å A\u030a \u212b",
    "\u00a0no\u00a0break\u2003em\u2028line\u2029paragraph\u180e\u3000wide",
    "zero\u200bwidth \ufeffmark soft\u00adhyphen",
    "中文字符 mixed 漢字, 가나다 한국어",
    "İstanbul ΣΊΣΥΦΟΣ ß \u1e9e \u0345\u0399 \u1fb3",
    "e\u0301\u0323 combining " + "a\u0300" * 60,
    "[CLS] inside [SEP] [MASK] [UNK] [PAD] [cls] [[SEP]] [SE[SEP]P]",
    "a" * 101 + " " + "b" * 100 + " " + "é" * 101,
    "tab\tnew\nline\r\x0bvertical\x0cfeed \x00\x01\x7f\x80\x85\x9f x",
    "emoji 😀👩\u200d⚕️ 🇩🇪",
    "$^`~|<>=+ ¢£¥§©®°± “quotes” ‘s’ – — …",
    "ﬁ ﬂ ligature ½ ² ① \U0001d400\U0001d7ce \u0660\u0661",
    "עברית العربية हिन्दी ไทย",
    "\ufffd replaced \ue000 private \U000f0000",
    "don't won't o'clock 3.14e-10 1,234,567 ____ ---- ....",
    "##ing ing ## \u037e\u0387\u00b7",
    "",
    "   \u200b",
]
BLOCKS = [
    (0, 0x250), (0x300, 0x600), (0x900, 0x980), (0x10A0, 0x1200), (0x1E00, 0x2100), (0x3000, 0x3100),
    (0xAC00, 0xAC50), (0xFE00, 0x10000), (0x1F600, 0x1F620),
]


def hostile(rng, count):
    alphabet = [chr(c) for block in BLOCKS for c in range(*block)]
    for _ in range(count):
        yield "".join(
            rng.choice(alphabet) if rng.random() < 0.6 else rng.choice(" abcdeXYZ19.,") for _ in range(rng.randint(1, 30))
        )


def cases(tokenizer, texts):
    return [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts]


def main():
    rng = random.Random(1)
    texts = WRITTEN + list(hostile(rng, 300))
    uncased = BertWordPieceTokenizer(str(here / "bert-base-uncased" / "vocab.txt"), lowercase=True)

    pieces = ["<pad>", "<unk>", "<s>", "</s>", "O", "##edem", "Ö", "##dem", "##a", "no", "No", "##n", "é", "e", "##\u0301", ".", "中"]
    cased = BertWordPieceTokenizer(
        {p: i for i, p in enumerate(pieces)},
        unk_token="<unk>", sep_token="</s>", cls_token="<s>", pad_token="<pad>", mask_token="<unk>",
        lowercase=False, strip_accents=False, handle_chinese_chars=False,
    )
    cased.post_processor = processors.TemplateProcessing(
        single="<s> $A </s> </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    cased.save(str(here / "cased.json"))
    spoken = ["No edema. no Ödem", "Non\u00e9e e\u0301 E\u0301", "中 中中 no<s>no</s>", "Ödema OEDEMA", "no\u00a0no\u200bno"]
    out = {"uncased": cases(uncased, texts), "cased": cases(cased, spoken)}
    (here / "python.json").write_text(json.dumps(out, indent=0) + "\n")


main()
