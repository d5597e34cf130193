"""Britain. Telephone numbers are of the ranges that Ofcom keeps for drama."""

from __future__ import annotations

from entente.sample.pure.country import Country, cities, lines, words

BRITAIN = Country(
    code="GB",
    calling_code="44",
    currency="GBP",
    language="en",
    share=0.30,
    cities=cities("""
        London | GB-ENG | Europe/London | SE# #@@ | 020 7946 0### | 5
        Manchester | GB-ENG | Europe/London | M# #@@ | 0161 496 0### | 2.5
        Birmingham | GB-ENG | Europe/London | B# #@@ | 0121 496 0### | 2.2
        Leeds | GB-ENG | Europe/London | LS# #@@ | 0113 496 0### | 1.8
        Sheffield | GB-ENG | Europe/London | S# #@@ | 0114 496 0### | 1.3
        Bristol | GB-ENG | Europe/London | BS# #@@ | 0117 496 0### | 1.5
        Leicester | GB-ENG | Europe/London | LE# #@@ | 0116 496 0### | 1.1
        Reading | GB-ENG | Europe/London | RG# #@@ | 0118 496 0### | 1
        Liverpool | GB-ENG | Europe/London | L# #@@ | 0151 496 0### | 1.5
        Newcastle upon Tyne | GB-ENG | Europe/London | NE# #@@ | 0191 498 0### | 1
        Edinburgh | GB-SCT | Europe/London | EH# #@@ | 0131 496 0### | 1.2
        Glasgow | GB-SCT | Europe/London | G# #@@ | 0141 496 0### | 1.4
        Cardiff | GB-WLS | Europe/London | CF# #@@ | 029 2018 0### | 1
        Belfast | GB-NIR | Europe/London | BT# #@@ | 028 9649 6### | .8
    """),
    men=words("""
        Oliver Harry George Noah Jack Arthur Leo Oscar Alfie Henry Thomas Edward Martin Graham Keith
        Nigel Stuart Callum Rhys Owen Ewan Hamish Declan Liam Rajesh Imran Kwame Daniel Samuel Joseph
        Peter Alan Simon Gareth
    """),
    women=words("""
        Olivia Amelia Isla Ava Grace Freya Florence Evelyn Poppy Charlotte Alice Margaret Susan Helen
        Fiona Catriona Bronwen Sian Niamh Priya Aisha Abena Emma Rachel Laura Hannah Victoria Gillian
        Joanne Heather Ruth Tamsin
    """),
    families=words("""
        Hartwell Ashdown Pemberton Thornley Wickham Brackley Cartwright Fothergill Haddow Kirkbride
        Lockyer Marsden Netherton Oakshott Penrose Quayle Rushworth Selwyn Tattersall Underhill Vickery
        Wainwright Yardley Abbott Barlow Calder Dunmore Eastwood Farrow Gladwin Holroyd Inskip Jessop
        Kendrick Langford Merrick Norcross Ogden Pargeter Ridley Stanhope Trevelyan Upton Verney
        Westlake Wyndham Bevan Llewellyn Prosser Gower Mackinnon Dunbar Rennie Strachan Galbraith
        Moncrieff O'Rourke/orourke McAleer Devlin Patel Hussain Mensah Okafor Begum
    """),
    firm_words=words("""
        Beacon Castlegate Northgate Harbour Pennine Severn Solent Cotswold Wharfside Kingsway Millbrook
        Redbridge Silverdale Stonebridge Tideway Westmoor Larkfield Ironbridge Foxglove Highfield
        Bluebell Hawthorn Ravenscar Thistle Saltmarsh Copperfield Greystone Brightside Oakham Riverside
        Summit Crown Anchor Mayfield Eastcliff
    """),
    streets=lines("""
        Station Road
        Mill Lane
        Church Street
        Victoria Road
        Canal Wharf
        Foundry Lane
        Albert Street
        Queensway
        Orchard Close
        Bridge Street
        Park Avenue
        Dockside
        Chapel Hill
        Brewery Yard
    """),
    address="{n} {t}",
    mobile="",
    mailboxes=("info", "office", "orders", "accounts", "sales"),
    distributors=(
        "{s} Coatings Supply Ltd",
        "{s} & {f} Paint Distributors Ltd",
        "{s} Trade Paints plc",
        "{f} Coatings Ltd",
    ),
    chains=("{s} Home & Garden", "{s} DIY Stores", "{s} Decorating Centres"),
    branch="{s}, {c}",
    trades=(
        "{f} Decorators",
        "{f} & Sons Painters",
        "{s} Painting Contractors Ltd",
        "{f} Joinery",
        "{s} Flooring Ltd",
        "{f} Shopfitters",
        "{s} Metalwork Ltd",
        "{f} Property Maintenance",
    ),
    phrases={
        "late": ("Order {o} has not arrived", "We were promised {o} last week and our painters are waiting."),
        "colour": (
            "Colour does not match on {o}",
            "The second tin is a different shade from the first. Both are on the wall.",
        ),
        "short": ("Short delivery on {o}", "Two items of the delivery note are missing."),
        "question": ("Question about drying times", "How long must the primer dry at ten degrees before the top coat?"),
        "quote": ("Price for a larger quantity", "Please quote for twice our usual quantity, delivered to site."),
        "thanks": ("Thank you", "The delivery came in good time. Thank you for the quick help."),
        "consent": ("Yes, please send me offers by e-mail.", "Please stop sending me offers."),
        "suppliers": (
            "Wrenfield Trade Paints",
            "Ottermoor Coatings",
            "Thornacre Decorating Supplies",
            "Brackwater Paint Works",
        ),
        "merchants": ("Alder Row Trade Counter", "Hollin Bank Builders' Merchants"),
        "wishes": (
            "low-odour paints for rooms in use",
            "wood finishes that last three summers",
            "fast-drying topcoats for steel gates",
            "floors that carry a forklift the next day",
            "facade paint that keeps algae off",
        ),
        "prefers": ("deliveries before eight", "one invoice a month", "orders by e-mail, no calls"),
        "carriers": ("own lorry", "Pennine parcels"),
        "paid by": ("bank transfer", "card"),
    },
)
