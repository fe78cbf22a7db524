"""Names of companies and people: fictional, readable, the same for the same seed."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from opsplaybook.samples.columns import joined

INDUSTRIES = (
    "manufacturing",
    "logistics",
    "retail",
    "energy",
    "health care",
    "financial services",
    "software",
    "education",
)

_FIRST_WORDS = (  # noqa: SIM905 - words are easier to read and to change than a list
    "Alder Amber Anvil Arbour Argent Ashgrove Aspen Atlas Auburn Aurora Basalt Beacon Birch "
    "Blackthorn Bluebell Bramble Briar Bridgewater Brightwell Brook Cairn Calder Cedar Cinder "
    "Clearwater Clover Cobalt Copper Coral Cove Crescent Cypress Dale Dawn Delta Dovetail "
    "Driftwood Eastgate Ebony Elder Elm Ember Evergreen Fairfield Falcon Fenwick Fern Fjord "
    "Flint Foxglove Frost Garnet Gladstone Glen Granite Greenfield Greystone Grove Harbour "
    "Hawthorn Hazel Heather Heron Hilltop Hollow Holm Horizon Indigo Ironbridge Island Ivory "
    "Jasper Juniper Kestrel Keystone Kingfisher Lakeside Larch Lark Laurel Lavender Linden "
    "Lighthouse Lumen Lynx Magnolia Maple Marble Marigold Meadow Meridian Midland Millstone "
    "Mistral Moonstone Mosaic Northgate Nova Oakwood Ochre Onyx Opal Orchard Orion Osprey "
    "Otter Palisade Parkway Pebble Pine Pioneer Plover Poplar Prairie Quartz Quarry Quill "
    "Raven Redwood Reed Ridge Riverbend Robin Rowan Saffron Sage Sandstone Sapphire Sierra "
    "Silverlake Slate Solstice Sparrow Spruce Starling Sterling Stonebridge Summit Swift "
    "Tamarack Teal Thistle Tidewater Timber Topaz Tulip Umber Upland Vale Vanguard Verdant "
    "Violet Walnut Waterford Wayfarer Westbrook Whitewater Willow Windmill Wren Yarrow Yew "
    "Zenith Zephyr"
).split()

_SECOND_WORDS = {
    "manufacturing": ("Instruments", "Castings", "Machinery", "Components", "Tooling", "Drives"),
    "logistics": ("Freight", "Logistics", "Forwarding", "Parcel", "Shipping", "Warehousing"),
    "retail": ("Stores", "Trading", "Outfitters", "Markets", "Home", "Goods"),
    "energy": ("Energy", "Power", "Grid", "Renewables", "Utilities", "Heating"),
    "health care": ("Clinics", "Diagnostics", "Care", "Medical", "Pharmacies", "Labs"),
    "financial services": ("Insurance", "Capital", "Leasing", "Payments", "Credit", "Savings"),
    "software": ("Software", "Systems", "Data", "Networks", "Robotics", "Cloud"),
    "education": ("Academy", "Learning", "Schools", "Institute", "Training", "Press"),
}
_LAST_WORDS = (
    "",
    "Group",
    "Partners",
    "North",
    "South",
    "East",
    "West",
    "International",
    "Holding",
    "Works",
    "Services",
)
_FIRST_NAMES = (  # noqa: SIM905
    "Aisha Alma Amir Ana Anders Anika Arjun Astrid Beatriz Bruno Carla Chen Chiara Clara Dana "
    "Daniel David Dilek Elena Elif Emil Emma Erik Esther Farah Felix Finn Freya Gabriel Greta "
    "Hana Hannah Henrik Ines Ingrid Isaac Ivan Jana Jonas Julia Kai Karim Katja Kofi Lars Laura "
    "Leila Leon Lina Lucia Luis Maja Malik Marco Maria Marta Mateo Mei Mina Miriam Nadia Nils "
    "Nina Noah Nora Olga Oscar Paula Pavel Petra Priya Rafael Rania Robert Rosa Samir Sara "
    "Sofia Stefan Sven Tara Tariq Teresa Theo Tomas Ulla Valentina Viktor Wei Yara Yuki Zoe"
).split()
_FAMILY_NAMES = (  # noqa: SIM905
    "Abbott Adler Almeida Andersen Aydin Bakker Barros Bauer Becker Bennett Berg Bianchi "
    "Bonnet Brandt Carvalho Castro Cohen Costa Dahl Dubois Duran Ekberg Engel Esposito Farkas "
    "Fernandes Fischer Fontaine Forsberg Garcia Gashi Girard Grant Haas Hansen Hartmann Hassan "
    "Hoffmann Horvat Ibrahim Ito Ivanova Jansen Jensen Kaya Keller Khan Kim Koch Kovacs Kowalski "
    "Kruger Kumar Lang Larsen Lehmann Leroy Lim Lindberg Lopez Lund Maier Marin Martens Mendes "
    "Meyer Moreau Moretti Muller Nagy Nakamura Nguyen Novak Nowak Okafor Olsen Osman Park Patel "
    "Pereira Petrov Popescu Quinn Rahman Reyes Ricci Rojas Romero Rossi Roth Said Santos Sato "
    "Schmid Schneider Schwarz Silva Simon Singh Sokolov Sorensen Stein Suarez Tanaka Thomsen "
    "Toth Vega Vogel Wagner Walsh Weber Winter Wolf Wong Yilmaz Zhang Ziegler"
).split()


def company_names(industries: np.ndarray) -> pa.Array:
    """Name each company; no two names are the same.

    Parameters
    ----------
    industries : ndarray of int, shape (n,)
        Codes of `INDUSTRIES`; the second word of a name speaks of the industry.

    Examples
    --------
    >>> company_names(np.array([0, 0, 3])).to_pylist()
    ['Alder Instruments', 'Amber Castings', 'Aurora Energy']
    """
    rank = _rank_within(industries)
    place, round_number = rank % len(_FIRST_WORDS), rank // len(_FIRST_WORDS)
    seconds = [word for industry in INDUSTRIES for word in _SECOND_WORDS[industry]]
    per_industry = len(seconds) // len(INDUSTRIES)
    # In each round a first word meets another second word, so that no pair comes twice; then
    # a third word is added. Industries begin at different first words.
    first = (place + 3 * industries) % len(_FIRST_WORDS)
    second = industries * per_industry + (place + round_number) % per_industry
    third = round_number // per_industry % len(_LAST_WORDS)
    return _joined((_FIRST_WORDS, first), (seconds, second), (_LAST_WORDS, third))


def person_names(rng: np.random.Generator, count: int) -> pa.Array:
    """Name people; namesakes occur, as they do in life."""
    first = rng.integers(0, len(_FIRST_NAMES), count)
    family = rng.integers(0, len(_FAMILY_NAMES), count)
    return _joined((_FIRST_NAMES, first), (_FAMILY_NAMES, family))


def _rank_within(groups: np.ndarray) -> np.ndarray:
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rank


def _joined(*parts: tuple[Sequence[str], np.ndarray]) -> pa.Array:
    words = [pa.array(labels, pa.large_string()).take(pa.array(codes)) for labels, codes in parts]
    return pc.utf8_rtrim_whitespace(joined(*words, separator=" "))
