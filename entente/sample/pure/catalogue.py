"""What the sample firm sells: coatings, what is needed to apply them, and the charges around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.sample.pure.country import lines

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEEDS = ("interior", "outdoor wood", "metal", "floor", "facade")

# code | name | category | weight for each need, in the order of NEEDS | share of the price that is cost | summer
# swing |
# size in words = price in EUR, smallest first
TABLE = lines("""
    PR1 | Universal Primer | Primers | .5 .2 .1 .1 .2 | .58 | 0 | 0.75 L=14.90 2.5 L=39.50 10 L=128
    PR2 | Deep Penetrating Primer | Primers | .5 0 0 .1 .9 | .52 | .1 | 5 L=23.90 10 L=41.50 25 L=92
    PR3 | Wood Primer | Primers | 0 .9 0 0 0 | .57 | .7 | 0.75 L=16.50 2.5 L=44.90
    PR4 | Zinc Phosphate Primer | Primers | 0 0 1 0 0 | .61 | .1 | 1 L=22.40 5 L=96 20 L=352
    PR5 | Epoxy Primer | Primers | 0 0 .5 .8 0 | .63 | 0 | 5 kg=118 20 kg=428
    PR6 | Stain Blocking Primer | Primers | .4 .1 0 0 0 | .55 | 0 | 0.75 L=21.90 2.5 L=58
    EM1 | Matt Emulsion White | Emulsions | 1.6 0 0 0 .1 | .56 | 0 | 2.5 L=21.90 10 L=62 15 L=84
    EM2 | Silk Emulsion White | Emulsions | .9 0 0 0 0 | .55 | 0 | 2.5 L=25.90 10 L=74
    EM3 | Matt Emulsion Tinted | Emulsions | 1.2 0 0 0 0 | .54 | 0 | 2.5 L=33.50 5 L=57 10 L=98
    EM4 | Kitchen and Bath Emulsion | Emulsions | .7 0 0 0 0 | .53 | 0 | 2.5 L=36.90 5 L=64
    EM5 | Ceiling White | Emulsions | .8 0 0 0 0 | .57 | 0 | 5 L=31.50 10 L=54
    EM6 | Contract Emulsion | Emulsions | .8 0 0 0 .1 | .66 | 0 | 10 L=39.90 15 L=55 120 L=398
    EM7 | Allergy Free Emulsion | Emulsions | .4 0 0 0 0 | .50 | 0 | 2.5 L=42.50 10 L=139
    WD1 | Wood Stain Oak | Outdoor wood | 0 1.4 0 0 0 | .51 | 1 | 0.75 L=19.90 2.5 L=54.50
    WD2 | Wood Stain Walnut | Outdoor wood | 0 1 0 0 0 | .51 | 1 | 0.75 L=19.90 2.5 L=54.50
    WD3 | Decking Oil | Outdoor wood | 0 1.3 0 0 0 | .49 | 1 | 1 L=24.50 2.5 L=56 5 L=104
    WD4 | Yacht Varnish | Outdoor wood | 0 .6 .1 0 0 | .52 | .9 | 0.75 L=27.90 2.5 L=79
    WD5 | Fence Paint | Outdoor wood | 0 .9 0 0 0 | .56 | 1 | 5 L=34.90 9 L=57
    WD6 | Exterior Satin Varnish | Outdoor wood | 0 .8 0 0 .1 | .53 | .9 | 0.75 L=23.50 2.5 L=66
    WD7 | Wood Preservative | Outdoor wood | 0 1 0 0 0 | .55 | .9 | 2.5 L=39.90 5 L=72
    VA1 | Parquet Varnish | Varnishes | .3 0 0 .5 0 | .54 | 0 | 2.5 L=62 5 L=116
    VA2 | Furniture Varnish | Varnishes | .4 .1 0 0 0 | .52 | 0 | 0.375 L=14.50 0.75 L=23.90
    VA3 | Radiator Enamel | Varnishes | .3 0 .2 0 0 | .55 | 0 | 0.75 L=24.90 2.5 L=69
    IN1 | 2K Polyurethane Topcoat | Industrial coatings | 0 0 1.2 .1 0 | .64 | 0 | 5 kg=142 20 kg=520
    IN2 | Alkyd Topcoat | Industrial coatings | .1 0 1 0 0 | .60 | .1 | 2.5 L=46 10 L=162 20 L=305
    IN3 | Epoxy Midcoat | Industrial coatings | 0 0 .9 .1 0 | .65 | 0 | 5 kg=124 20 kg=455
    IN4 | Rust Converter | Industrial coatings | 0 0 .6 0 0 | .49 | .2 | 1 L=18.90 5 L=79
    IN5 | Polyurethane Hardener | Industrial coatings | 0 0 .5 .1 0 | .62 | 0 | 1 kg=31 4 kg=112
    IN6 | Epoxy Hardener | Industrial coatings | 0 0 .3 .5 0 | .62 | 0 | 1 kg=29 4 kg=104
    IN7 | Road Marking Paint | Industrial coatings | 0 0 .2 .3 0 | .63 | .5 | 5 L=58 25 L=248
    FL1 | Epoxy Floor Coating | Floor coatings | 0 0 0 1.6 0 | .61 | 0 | 5 kg=98 20 kg=352
    FL2 | Garage Floor Paint | Floor coatings | .1 0 0 1.1 0 | .56 | .2 | 2.5 L=54 5 L=99
    FL3 | Quartz Sand | Floor coatings | 0 0 0 .6 .1 | .45 | 0 | 5 kg=9.90 25 kg=24.50
    FL4 | Floor Sealer | Floor coatings | 0 0 0 .8 0 | .55 | 0 | 5 L=67 10 L=121
    FA1 | Masonry Paint | Facade coatings | 0 .1 0 0 1.5 | .57 | .8 | 5 L=48 10 L=83 15 L=114
    FA2 | Silicone Facade Paint | Facade coatings | 0 0 0 0 1.2 | .58 | .8 | 10 L=118 12.5 L=141
    FA3 | Silicate Facade Paint | Facade coatings | 0 0 0 0 .7 | .55 | .8 | 12.5 L=129
    FA4 | Crack Filler Exterior | Facade coatings | 0 0 0 0 .8 | .48 | .6 | 1 kg=12.90 5 kg=42
    FA5 | Fungicidal Wash | Facade coatings | .1 .2 0 0 .7 | .44 | .6 | 1 L=13.90 5 L=46
    TH1 | White Spirit | Thinners | .2 .3 .4 0 .1 | .60 | .1 | 1 L=5.90 5 L=23.50 25 L=99
    TH2 | Epoxy Thinner | Thinners | 0 0 .3 .4 0 | .57 | 0 | 1 L=11.50 5 L=47
    TH3 | Polyurethane Thinner | Thinners | 0 0 .4 .1 0 | .57 | 0 | 1 L=12.50 5 L=51
    TH4 | Brush Cleaner | Thinners | .2 .2 .1 .1 .1 | .46 | 0 | 0.5 L=5.50 1 L=9.20
    BR1 | Flat Brush | Brushes and rollers | .3 .6 .3 0 .2 | .42 | .2 | 50 mm=6.90 75 mm=9.80 100 mm=13.50
    BR2 | Radiator Brush | Brushes and rollers | .2 0 .2 0 0 | .42 | 0 | 35 mm=5.60
    RO1 | Roller Set | Brushes and rollers | .7 0 0 .1 .3 | .45 | 0 | 180 mm=14.90 250 mm=19.50
    RO2 | Microfibre Sleeve | Brushes and rollers | .7 0 .1 .2 .4 | .41 | 0 | 180 mm=6.50 250 mm=8.90
    RO3 | Spiked Roller | Brushes and rollers | 0 0 0 .4 0 | .44 | 0 | 250 mm=28.50
    TR1 | Paint Tray | Brushes and rollers | .4 .1 0 .1 .2 | .38 | 0 | 270 mm=3.90 320 mm=5.40
    TA1 | Masking Tape | Sundries | .8 .2 .1 .1 .3 | .43 | 0 | 25 mm=3.20 38 mm=4.60 50 mm=5.90
    SH1 | Dust Sheet | Sundries | .5 0 0 .1 .2 | .36 | 0 | 20 m2=4.50 50 m2=9.90
    SP1 | Abrasive Paper | Sundries | .3 .6 .3 .1 0 | .40 | .2 | P120=7.90 P240=7.90
    FI1 | Wall Filler | Sundries | .6 0 0 0 .1 | .47 | 0 | 1 kg=6.40 5 kg=21.90
    MI1 | Mixing Paddle | Sundries | 0 0 .2 .4 .1 | .45 | 0 | 120 mm=17.90
    GL1 | Nitrile Gloves | Sundries | .1 .2 .3 .3 .1 | .48 | 0 | box of 100=11.90
    SV1 | Tinting to Sample | Services | .4 .1 .1 0 .3 | .30 | 0 | per batch=18
    SV2 | Application Advice on Site | Services | 0 0 .1 .1 .1 | .55 | 0 | half a day=240
""")

# What goes with what: whoever takes the first takes the second with this probability (once more or less by kind of
# customer).
GOES_WITH = lines("""
    FL1 IN6 .62
    FL1 RO3 .38
    FL1 FL3 .30
    FL1 MI1 .22
    PR5 IN6 .45
    PR5 TH2 .40
    IN1 IN5 .66
    IN1 TH3 .42
    IN1 PR4 .25
    IN3 TH2 .38
    IN3 IN6 .35
    IN2 PR4 .34
    IN2 TH1 .36
    PR4 GL1 .16
    EM1 RO2 .30
    EM1 TA1 .34
    EM1 TR1 .15
    EM3 SV1 .22
    EM3 TA1 .36
    EM3 RO1 .24
    EM2 TA1 .25
    EM4 PR6 .22
    EM5 RO2 .26
    EM6 PR2 .33
    EM6 SH1 .20
    WD1 BR1 .44
    WD1 PR3 .30
    WD1 SP1 .33
    WD2 BR1 .42
    WD2 SP1 .30
    WD3 TH4 .28
    WD3 BR1 .30
    WD4 TH1 .40
    WD4 SP1 .36
    WD5 WD7 .24
    WD6 PR3 .32
    FA1 PR2 .45
    FA1 FA5 .28
    FA2 PR2 .48
    FA2 FA4 .30
    FA3 PR2 .40
    FL2 RO2 .30
    FL4 RO2 .24
    VA1 SP1 .40
    VA3 BR2 .45
""")

# code | name | cost in EUR | price in EUR
CHARGES = lines("""
    FR1 | Pallet freight | 46 | 58
    FR2 | Parcel delivery | 5.10 | 6.90
    FR3 | Dangerous goods surcharge | 9 | 15
""")

# Paid by the quarter, for each machine; in nobody's basket.
CONTRACT_CODE, CONTRACT_MONTHS = "SC1", 3
CONTRACT = ("Tinting Machine Service Contract", "Services", 195.0, 118.0)


@dataclass(frozen=True)
class Catalogue:
    """n products, the charges last but one, the contract last. Money in EUR, today's list.

    need: (5, n) weight for each of NEEDS. pack: (n,) 0 small, 1 middle, 2 large. swing: (n,) 0-1, how much the summer
    counts.
    companions, companion_odds: (n, 4); -1 where there is none.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    categories: tuple[str, ...]
    is_charge: npt.NDArray[np.bool_]
    price: Floats
    cost: Floats
    need: Floats
    pack: Ints
    swing: Floats
    companions: Ints
    companion_odds: Floats

    def number(self, code: str) -> int:
        return self.codes.index(code)


def catalogue() -> Catalogue:
    """All products, always the same."""
    rows: list[tuple[str, str, str, bool, float, float, list[float], int, float]] = []
    sizes: dict[str, list[int]] = {}
    for line in TABLE:
        base, name, category, need, cost_share, swing, packs = (cell.strip() for cell in line.split("|"))
        weights = [float(weight) for weight in need.split()]
        offers = _offers(packs)
        for place, (size, price) in enumerate(offers):
            sizes.setdefault(base, []).append(len(rows))
            pack = 1 if len(offers) == 1 else (0, 2)[place] if len(offers) == 2 else place
            code = base if len(offers) == 1 else f"{base}-{place + 1}"
            cost = round(price * float(cost_share), 2)
            rows.append((code, f"{name} {size}", category, False, price, cost, weights, pack, float(swing)))
    for line in CHARGES:
        code, name, cost_text, price_text = (cell.strip() for cell in line.split("|"))
        rows.append((code, name, "Charges", True, float(price_text), float(cost_text), [0.0] * len(NEEDS), 1, 0.0))
    contract, category, fee, fee_cost = CONTRACT
    rows.append((CONTRACT_CODE, contract, category, False, fee, fee_cost, [0.0] * len(NEEDS), 1, 0.0))
    companions, odds = _companions(sizes, len(rows))
    code_, name_, category_, charge_, price_, cost_, need_, pack_, swing_ = zip(*rows, strict=True)
    return Catalogue(
        code_, name_, category_, np.array(charge_), np.array(price_), np.array(cost_), np.array(need_).T.copy(),
        np.array(pack_), np.array(swing_), companions, odds,
    )  # fmt: skip


def _offers(packs: str) -> list[tuple[str, float]]:
    """`2.5 L=39.50 10 L=128` as sizes with prices; a size may hold spaces, a price may not."""
    offers = []
    size: list[str] = []
    for word in packs.split():
        unit, equals, price = word.partition("=")
        size.append(unit)
        if equals:
            offers.append((" ".join(size), float(price)))
            size = []
    return offers


def _companions(sizes: dict[str, list[int]], products: int) -> tuple[Ints, Floats]:
    """Each size of a product goes with the like size of the other."""
    companions = np.full((products, 4), -1, dtype=np.int64)
    odds = np.zeros((products, 4))
    for line in GOES_WITH:
        base, other, share = line.split()
        for place, product in enumerate(sizes[base]):
            slot = int(np.flatnonzero(companions[product] < 0)[0])
            companions[product, slot] = sizes[other][min(place, len(sizes[other]) - 1)]
            odds[product, slot] = float(share)
    return companions, odds
