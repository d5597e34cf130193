"""Germany. Telephone numbers are of the ranges that the Bundesnetzagentur keeps for film and radio."""

from __future__ import annotations

from entente.sample.pure.country import Country, cities, lines, words

GERMANY = Country(
    code="DE",
    calling_code="49",
    currency="EUR",
    language="de",
    share=0.27,
    cities=cities("""
        Berlin | DE-BE | Europe/Berlin | 10### | 030 23125### | 4
        Hamburg | DE-HH | Europe/Berlin | 20### | 040 66969### | 2.5
        München | DE-BY | Europe/Berlin | 80### | 089 99998### | 2.5
        Köln | DE-NW | Europe/Berlin | 50### | 0221 4710### | 2
        Frankfurt am Main | DE-HE | Europe/Berlin | 60### | 069 90009### | 2
        Düsseldorf | DE-NW | Europe/Berlin | 40### | 0221 4710### | 1.2
        Nürnberg | DE-BY | Europe/Berlin | 90### | 089 99998### | 1
        Lübeck | DE-SH | Europe/Berlin | 23### | 040 66969### | .8
        Münster | DE-NW | Europe/Berlin | 48### | 0221 4710### | .8
        Göttingen | DE-NI | Europe/Berlin | 37### | 069 90009### | .6
        Leipzig | DE-SN | Europe/Berlin | 04### | 030 23125### | 1.2
        Stuttgart | DE-BW | Europe/Berlin | 70### | 089 99998### | 1.4
    """),
    men=words("""
        Jürgen/juergen Jörg/joerg Günther/guenther Björn/bjoern Lukas Felix Jonas Maximilian Matthias
        Stefan Andreas Thomas Michael Uwe Holger Detlef Henning Torsten Sebastian Florian Tobias Moritz
        Emil Anton Karl Friedrich Sören/soeren Mehmet Yusuf Piotr Marek Ralf Dirk Volker
    """),
    women=words("""
        Käthe/kaethe Bärbel/baerbel Jördis/joerdis Anna Lena Marie Sophie Katharina Sabine Petra Monika
        Ulrike Heike Birgit Anke Silke Franziska Johanna Charlotte Emilia Frieda Greta Ayşe/ayse Elif
        Agnieszka Renate Ingrid Gisela Ute Claudia Susanne Martina
    """),
    families=words("""
        Müller/mueller Schröder/schroeder Jäger/jaeger Böhm/boehm Krüger/krueger Schäfer/schaefer
        Köhler/koehler König/koenig Möller/moeller Grünwald/gruenwald Weiß/weiss Großmann/grossmann
        Lindemann Hagedorn Brinkmann Sander Wiechert Ostermann Feldkamp Rosenthal Eichhorn Birkner
        Stellmacher Dornbusch Kaltenbach Hohenfels Rademacher Süßkind/suesskind Tiedemann Uhlig Vollmer
        Wolff Zimmermann Anders Bachmayr Clausen Diekmann Engelhardt Fährmann/faehrmann Gerstenberg
        Hölzl/hoelzl Immendorf Jessen Kühnert/kuehnert Lohmeier Mönch/moench Neuhaus
        Oelschläger/oelschlaeger Pfänder/pfaender Quast Rühmann/ruehmann Schönfeld/schoenfeld
        Thießen/thiessen Yıldız/yildiz
    """),
    firm_words=words("""
        Nordlicht Elbtal Rheinblick Isartor Hanse Havelland Spree Alpenglanz Schwarzwald Weserbogen
        Mainufer Ostsee Brücken/bruecken Grünstein/gruenstein Blauherz Silberweide Eichenhof Lindenhof
        Rotbuche Kupfer Bergmann Hafen Märkische/maerkische Fränkische/fraenkische Hellweg Kastanien
        Sonnen Sternberg Adler Falken Kranich Anker Mühlen/muehlen
    """),
    streets=lines("""
        Lindenstraße
        Hauptstraße
        Gartenweg
        Mühlenweg
        Bahnhofstraße
        Am Güterbahnhof
        Schillerstraße
        Industriestraße
        Kirchgasse
        Ahornallee
        Königsallee
        An der Färberei
        Hafenstraße
    """),
    address="{t} {n}",
    mobile="0171 39200##",
    mailboxes=("info", "einkauf", "buero", "kontakt", "bestellung"),
    distributors=(
        "{s} Farbengroßhandel GmbH",
        "{f} & {s} Lacke GmbH & Co. KG",
        "{s} Oberflächentechnik AG",
        "Großhandel {f} GmbH",
    ),
    chains=("{s} Baumarkt", "{s} Farbenmärkte", "{s} Heimwerker"),
    branch="{s}, Filiale {c}",
    trades=(
        "Malerbetrieb {f}",
        "Malermeister {f} & Söhne",
        "{f} Anstriche GmbH",
        "Tischlerei {f}",
        "{s} Bodenbau GmbH",
        "Metallbau {f}",
        "{s} Fassaden GmbH",
        "Hausverwaltung {f}",
    ),
    phrases={
        "late": (
            "Lieferung {o} fehlt noch",
            "Zugesagt war letzte Woche, unsere Maler stehen auf der Baustelle und warten.",
        ),
        "colour": ("Farbton bei {o} weicht ab", "Das zweite Gebinde hat einen anderen Ton als das erste."),
        "short": ("Lieferung {o} unvollständig", "Zwei Positionen des Lieferscheins fehlen."),
        "question": ("Frage zur Trocknungszeit", "Wie lange muss die Grundierung bei zehn Grad trocknen?"),
        "quote": ("Preis für eine größere Menge", "Bitte bieten Sie die doppelte Menge frei Baustelle an."),
        "thanks": ("Vielen Dank", "Die Lieferung kam pünktlich. Danke für die schnelle Hilfe."),
        "consent": ("Ja, bitte senden Sie mir Angebote per E-Mail.", "Bitte senden Sie mir keine Angebote mehr."),
        "suppliers": ("Wiesengrund Farben", "Lackhof Eichmoor", "Torfbrück Malerbedarf", "Steinlohe Anstrichmittel"),
        "merchants": ("Baustoffhandel Eichmoor", "Malereinkauf Süderau"),
        "wishes": (
            "geruchsarme Farben für bewohnte Räume",
            "Holzlasuren, die drei Sommer halten",
            "schnell trocknende Decklacke für Stahltore",
            "Böden, die am nächsten Tag einen Stapler tragen",
            "Fassadenfarbe gegen Algen",
        ),
        "prefers": ("Lieferung vor acht Uhr", "eine Sammelrechnung im Monat", "Bestellung per E-Mail, keine Anrufe"),
        "carriers": ("eigener Lkw", "Elbtal Paketdienst"),
        "paid by": ("Überweisung", "Karte"),
    },
)
