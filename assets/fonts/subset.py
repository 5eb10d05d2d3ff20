#!/usr/bin/env python3
"""Makes the bundled cuts of Inter from the full ones: fewer letters, and figures of equal width.

    pip install fonttools
    python3 subset.py FOLDER_WITH_INTER_OTF

The letters are those of European file names. Figures are replaced by the tabular ones that the font has behind its
`tnum` feature, because what draws text here applies no features and times should stand in columns.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

WEIGHTS = ["Inter-Regular", "Inter-SemiBold"]
LETTERS = [(0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2026), (0x2032, 0x2033)]
SYMBOLS = [0xD7, 0xB7, 0x20AC, 0x2190, 0x2192, 0x2212, 0x2248, 0x2264, 0x2265, 0xFFFD]


def tabular_figures(font: TTFont) -> dict[str, str]:
    gsub = font["GSUB"].table
    lookups = {i for r in gsub.FeatureList.FeatureRecord if r.FeatureTag == "tnum" for i in r.Feature.LookupListIndex}
    mapping = {}
    for index in sorted(lookups):
        for table in gsub.LookupList.Lookup[index].SubTable:
            table = getattr(table, "ExtSubTable", table)
            mapping.update(table.mapping)
    return mapping


def main() -> None:
    source, here = Path(sys.argv[1]), Path(__file__).parent
    for weight in WEIGHTS:
        font = TTFont(source / f"{weight}.otf")
        tabular = tabular_figures(font)
        for table in font["cmap"].tables:
            for code in b"0123456789":
                if code in table.cmap:
                    glyph = table.cmap[code]
                    # Tables that share one dictionary were mapped with the first of them.
                    table.cmap[code] = tabular.get(glyph, glyph)
        options = Options()
        options.layout_features = ["kern"]
        options.hinting = False
        options.desubroutinize = False
        options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[c for a, b in LETTERS for c in range(a, b + 1)] + SYMBOLS)
        subsetter.subset(font)
        font.save(here / f"{weight}.otf")


if __name__ == "__main__":
    main()
