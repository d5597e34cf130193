"""Russia. No range is kept for fiction there: the numbers are well formed, in blocks of zeros."""

from __future__ import annotations

from entente.sample.pure.country import Country, cities, lines, words

RUSSIA = Country(
    code="RU",
    calling_code="7",
    currency="RUB",
    language="ru",
    share=0.16,
    cities=cities("""
        Москва | RU-MOW | Europe/Moscow | 1##### | +7 495 000-##-## | 4
        Санкт-Петербург | RU-SPE | Europe/Moscow | 19#### | +7 812 000-##-## | 2.5
        Казань | RU-TA | Europe/Moscow | 420### | +7 843 000-##-## | 1.2
        Нижний Новгород | RU-NIZ | Europe/Moscow | 603### | +7 831 000-##-## | 1
        Ростов-на-Дону | RU-ROS | Europe/Moscow | 344### | +7 863 000-##-## | 1
        Самара | RU-SAM | Europe/Samara | 443### | +7 846 000-##-## | 1
        Екатеринбург | RU-SVE | Asia/Yekaterinburg | 620### | +7 343 000-##-## | 1.3
        Новосибирск | RU-NVS | Asia/Novosibirsk | 630### | +7 383 000-##-## | 1.2
        Красноярск | RU-KYA | Asia/Krasnoyarsk | 660### | +7 391 000-##-## | .8
        Краснодар | RU-KDA | Europe/Moscow | 350### | +7 861 000-##-## | .9
    """),
    men=words("""
        Александр/alexandr Дмитрий/dmitry Сергей/sergey Андрей/andrey Алексей/alexey Максим/maxim
        Иван/ivan Михаил/mikhail Николай/nikolay Егор/egor Пётр/petr Фёдор/fedor Григорий/grigory
        Юрий/yury Олег/oleg Роман/roman Тимур/timur Руслан/ruslan Вадим/vadim Виктор/viktor
        Степан/stepan Матвей/matvey Лев/lev Игорь/igor Денис/denis Артём/artem
    """),
    women=words("""
        Анна/anna Мария/maria Елена/elena Ольга/olga Наталья/natalya Екатерина/ekaterina Татьяна/tatyana
        Ирина/irina Светлана/svetlana Юлия/yulia Дарья/darya Полина/polina Алиса/alisa Вера/vera
        Надежда/nadezhda Любовь/lyubov Галина/galina Людмила/lyudmila Ксения/ksenia Алёна/alyona
        Гульнара/gulnara Зоя/zoya Инна/inna
    """),
    families=words("""
        Орлов/orlov Соколов/sokolov Зайцев/zaytsev Медведев/medvedev Беляев/belyaev Тарасов/tarasov
        Комаров/komarov Киселёв/kiselev Щербаков/shcherbakov Журавлёв/zhuravlev Калинин/kalinin
        Рябинин/ryabinin Осокин/osokin Дубинин/dubinin Малышев/malyshev Воронцов/vorontsov
        Горшков/gorshkov Плотников/plotnikov Столяров/stolyarov Кузнецов/kuznetsov
        Красильников/krasilnikov Маляров/malyarov Берёзкин/berezkin Громов/gromov Ермаков/ermakov
        Жданов/zhdanov Игнатьев/ignatyev Ковалёв/kovalev Лаптев/laptev Морозов/morozov Назаров/nazarov
        Панфилов/panfilov Романов/romanov Савельев/savelyev Трофимов/trofimov Уваров/uvarov Фомин/fomin
        Хохлов/khokhlov Цветков/tsvetkov Чернов/chernov Шубин/shubin Юдин/yudin Яковлев/yakovlev
        Ахметов/akhmetov Галиев/galiev
    """),
    firm_words=words("""
        СтройЦвет/stroytsvet Палитра/palitra Радуга/raduga Волга/volga Урал/ural Сибирь/sibir
        Невский/nevsky Гранит/granit Мастер/master Кедр/kedr Лазурит/lazurit Берег/bereg Восход/voskhod
        Полюс/polyus Янтарь/yantar Эталон/etalon Фасад/fasad Контур/kontur Вектор/vektor Гамма/gamma
        Спектр/spektr Малахит/malakhit Онега/onega Дон/don Енисей/enisey Колорит/kolorit Зодчий/zodchy
        Монолит/monolit
    """),
    streets=lines("""
        ул. Садовая
        ул. Заводская
        пр-т Мира
        ул. Строителей
        ул. Лесная
        наб. Речная
        ул. Вокзальная
        Складской проезд
        ул. Молодёжная
        пер. Тихий
        ул. Полевая
        ш. Промышленное
    """),
    address="{t}, д. {n}",
    mobile="+7 900 000-##-##",
    mailboxes=("info", "zakaz", "sklad", "office"),
    distributors=("ООО «ТД {s}»", "АО «{s}-Краски»", "ООО «{s} Опт»", "ООО «Лакокраска {f}»"),
    chains=("Магазины «{s}»", "Строймаркет «{s}»", "Дом красок «{s}»"),
    branch="{s}, {c}",
    trades=(
        "ИП {f}",
        "ООО «{s} Отделка»",
        "ООО «{s} Строй»",
        "Столярная мастерская «{s}»",
        "ООО «{s} Полы»",
        "ООО «{s} Металл»",
        "ООО «УК {s}»",
    ),
    phrases={
        "late": ("Заказ {o} не пришёл", "Обещали на прошлой неделе, бригада стоит без работы."),
        "colour": ("Цвет в заказе {o} не совпадает", "Вторая банка другого оттенка, обе уже на стене."),
        "short": ("Недовоз по заказу {o}", "Не хватает двух позиций накладной."),
        "question": ("Вопрос о времени сушки", "Сколько сохнет грунтовка при десяти градусах?"),
        "quote": ("Цена на больший объём", "Пришлите, пожалуйста, цену на двойной объём с доставкой на объект."),
        "thanks": ("Спасибо", "Заказ пришёл вовремя. Спасибо за быструю помощь."),
        "consent": ("Да, присылайте мне предложения по почте.", "Пожалуйста, больше не присылайте предложения."),
        "suppliers": ("Лакокраска Берёзов Яр", "Краски Синеречья", "Завод покрытий Ольхово", "Палитра Заречья"),
        "merchants": ("Стройбаза Ольховка", "Малярный двор"),
        "wishes": (
            "краски без запаха для жилых комнат",
            "лазурь по дереву, которая держится три лета",
            "быстросохнущая эмаль для стальных ворот",
            "полы, по которым на следующий день ездит погрузчик",
            "фасадная краска, стойкая к морозу и влаге",
        ),
        "prefers": ("доставка до восьми утра", "один счёт в месяц", "заказы по почте, без звонков"),
        "carriers": ("своя машина", "экспедиция Ладога-Путь"),
        "paid by": ("банковский перевод", "карта"),
    },
    bends_family_names=True,
)
