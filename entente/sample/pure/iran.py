"""Iran. No range is kept for fiction there: the numbers are well formed, in blocks of zeros."""

from __future__ import annotations

from entente.sample.pure.country import Country, cities, lines, words

IRAN = Country(
    code="IR",
    calling_code="98",
    currency="IRR",
    language="fa",
    share=0.13,
    cities=cities("""
        تهران | IR-23 | Asia/Tehran | 11######## | 021 2000 #### | 4
        مشهد | IR-09 | Asia/Tehran | 91######## | 051 2000 #### | 2
        اصفهان | IR-10 | Asia/Tehran | 81######## | 031 2000 #### | 1.8
        شیراز | IR-07 | Asia/Tehran | 71######## | 071 2000 #### | 1.4
        تبریز | IR-03 | Asia/Tehran | 51######## | 041 2000 #### | 1.4
        کرج | IR-30 | Asia/Tehran | 31######## | 026 2000 #### | 1.2
        قم | IR-25 | Asia/Tehran | 37######## | 025 2000 #### | .8
        اهواز | IR-06 | Asia/Tehran | 61######## | 061 2000 #### | .9
        رشت | IR-01 | Asia/Tehran | 41######## | 013 2000 #### | .7
    """),
    men=words("""
        علی/ali رضا/reza حسین/hossein مهدی/mehdi امیر/amir سعید/saeed بهرام/bahram کامران/kamran
        داریوش/dariush پیمان/peyman آرش/arash سیاوش/siavash بابک/babak فرهاد/farhad نیما/nima پویا/pouya
        محسن/mohsen مجید/majid جواد/javad کیوان/keyvan هومن/houman شهرام/shahram بهزاد/behzad
        احسان/ehsan یاسر/yaser ژوبین/zhoubin
    """),
    women=words("""
        زهرا/zahra مریم/maryam فاطمه/fatemeh نرگس/narges مینا/mina شیرین/shirin لیلا/leila پریسا/parisa
        نازنین/nazanin سمیرا/samira گلناز/golnaz پروانه/parvaneh مهسا/mahsa نگار/negar آزاده/azadeh
        ژاله/zhaleh سپیده/sepideh الهام/elham رویا/roya طاهره/tahereh شبنم/shabnam
    """),
    families=words("""
        احمدی/ahmadi رضایی/rezaei کریمی/karimi فراهانی/farahani موسوی/mousavi جعفری/jafari
        حسینی/hosseini صادقی/sadeghi اکبری/akbari نوری/nouri پارسا/parsa کیانی/kiani رستمی/rostami
        شریفی/sharifi طاهری/taheri یزدانی/yazdani گلزاری/golzari بهرامی/bahrami پاکزاد/pakzad
        چراغی/cheraghi خسروی/khosravi دهقان/dehghan زمانی/zamani ژیان/zhian سهرابی/sohrabi
        شیرازی/shirazi عظیمی/azimi فروغی/foroughi قربانی/ghorbani کاوه/kaveh گودرزی/goudarzi لطفی/lotfi
        مرادی/moradi نجفی/najafi هاشمی/hashemi وحیدی/vahidi
    """),
    firm_words=words("""
        البرز/alborz دماوند/damavand پارس/pars آریا/aria سپهر/sepehr نگین/negin ماندگار/mandegar
        رنگین‌کمان/ranginkaman خورشید/khorshid ستاره/setareh کوهسار/kouhsar زاگرس/zagros کیمیا/kimia
        پردیس/pardis ساحل/sahel شبدیز/shabdiz گلستان/golestan فیروزه/firouzeh مهرگان/mehregan نوین/novin
        آسمان/aseman کاسپین/caspian پیشگام/pishgam جاوید/javid ژرف/zharf چکاد/chakad
    """),
    streets=lines("""
        خیابان ولیعصر
        خیابان انقلاب
        بلوار کشاورز
        خیابان شهید بهشتی
        خیابان کارگر
        شهرک صنعتی
        بلوار فردوسی
        خیابان سعدی
        کوچه یاس
        خیابان حافظ
        بزرگراه امام علی
    """),
    address="{t}، پلاک {n}",
    mobile="0912 000 ####",
    mailboxes=("info", "sales", "kharid", "daftar"),
    distributors=("شرکت پخش رنگ {s}", "بازرگانی {f} و شرکا", "شرکت پوشش‌های صنعتی {s}", "گروه بازرگانی {s}"),
    chains=("فروشگاه‌های زنجیره‌ای {s}", "خانه رنگ {s}", "ابزار و رنگ {s}"),
    branch="{s}، شعبه {c}",
    trades=(
        "نقاشی ساختمان {f}",
        "پیمانکاری {f}",
        "صنایع چوب {s}",
        "کف‌پوش {s}",
        "آهنگری {f}",
        "دکوراسیون {s}",
        "مدیریت ساختمان {f}",
    ),
    phrases={
        "late": ("سفارش {o} نرسیده است", "قرار بود هفته گذشته برسد و نقاش‌ها در کارگاه منتظرند."),
        "colour": ("رنگ سفارش {o} یکدست نیست", "رنگ قوطی دوم با قوطی اول فرق دارد."),
        "short": ("کسری در سفارش {o}", "دو قلم از حواله نرسیده است."),
        "question": ("پرسش درباره زمان خشک شدن", "آستر در ده درجه چه مدت باید خشک شود؟"),
        "quote": ("قیمت برای مقدار بیشتر", "لطفاً برای دو برابر مقدار همیشگی با حمل تا کارگاه قیمت بدهید."),
        "thanks": ("سپاسگزارم", "سفارش به‌موقع رسید. از کمک سریع شما ممنونم."),
        "consent": ("بله، پیشنهادها را با ایمیل برایم بفرستید.", "لطفاً دیگر پیشنهاد نفرستید."),
        "suppliers": ("رنگ‌سازی چشمه سبز", "پوشش‌های کویر آبی", "رنگ سپیدکوه", "پخش رنگ آلاله دشت"),
        "merchants": ("مصالح‌فروشی چهارباغ نو", "ابزار و رنگ میدان کاج"),
        "wishes": (
            "رنگ کم‌بو برای خانه‌های مسکونی",
            "روغن چوب بادوام برای فضای باز",
            "رنگ زودخشک برای درهای فلزی",
            "کفی که فردای اجرا بار لیفتراک را تحمل کند",
            "رنگ نما که زیر آفتاب و دوده دوام بیاورد",
        ),
        "prefers": ("تحویل پیش از ساعت هشت", "یک فاکتور در ماه", "سفارش با ایمیل، بدون تماس"),
        "carriers": ("وانت شرکت", "باربری راه سبز"),
        "paid by": ("حوالهٔ بانکی", "کارت"),
    },
    digits="۰۱۲۳۴۵۶۷۸۹",
)
