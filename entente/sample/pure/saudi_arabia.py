"""Saudi Arabia. No range is kept for fiction there: the numbers are well formed, in blocks of zeros."""

from __future__ import annotations

from entente.sample.pure.country import Country, cities, lines, words

SAUDI_ARABIA = Country(
    code="SA",
    calling_code="966",
    currency="SAR",
    language="ar",
    share=0.14,
    cities=cities("""
        الرياض | SA-01 | Asia/Riyadh | 11### | 011 200 0### | 4
        جدة | SA-02 | Asia/Riyadh | 21### | 012 200 0### | 3
        مكة المكرمة | SA-02 | Asia/Riyadh | 24### | 012 210 0### | 1.2
        المدينة المنورة | SA-03 | Asia/Riyadh | 42### | 012 220 0### | 1
        الدمام | SA-04 | Asia/Riyadh | 32### | 011 210 0### | 1.5
        الخبر | SA-04 | Asia/Riyadh | 34### | 011 220 0### | 1
        بريدة | SA-05 | Asia/Riyadh | 52### | 016 200 0### | .7
        أبها | SA-14 | Asia/Riyadh | 62### | 017 200 0### | .6
        الطائف | SA-02 | Asia/Riyadh | 26### | 012 230 0### | .6
    """),
    men=words("""
        محمد/mohammed أحمد/ahmed عبدالله/abdullah خالد/khalid فهد/fahad سعود/saud سلطان/sultan
        ناصر/nasser ماجد/majed تركي/turki بندر/bandar فيصل/faisal يوسف/yousef إبراهيم/ibrahim عمر/omar
        علي/ali حسن/hassan صالح/saleh طلال/talal وليد/waleed راشد/rashid عادل/adel هشام/hisham
        زياد/ziyad مازن/mazen
    """),
    women=words("""
        نورة/noura سارة/sara فاطمة/fatimah مريم/maryam هند/hind ريم/reem لطيفة/latifah منيرة/munirah
        عائشة/aisha أمل/amal هدى/huda جواهر/jawaher العنود/alanoud دلال/dalal شيماء/shaima لمى/lama
        رغد/raghad أسماء/asma ليلى/layla بسمة/basma
    """),
    families=words("""
        الحارثي/alharthi الغامدي/alghamdi القحطاني/alqahtani الزهراني/alzahrani العتيبي/alotaibi
        الشهري/alshehri المطيري/almutairi الدوسري/aldosari السبيعي/alsubaie البقمي/albaqami
        الرشيدي/alrashidi العنزي/alanazi الجهني/aljohani المالكي/almalki الشمري/alshammari
        الخالدي/alkhalidi الصاعدي/alsaedi اليامي/alyami النجار/alnajjar الحداد/alhaddad الصباغ/alsabbagh
        البناء/albanna الخياط/alkhayyat السالم/alsalem الراجح/alrajeh الفارس/alfares المهنا/almuhanna
        العمري/alomari الثقفي/althaqafi الأحمدي/alahmadi باوزير/bawazir باعشن/baeshen
    """),
    firm_words=words("""
        النور/alnoor الأفق/alufuq الواحة/alwaha البيان/albayan الصفوة/alsafwa الريادة/alriyada
        الإتقان/alitqan النخيل/alnakheel اليمامة/alyamama الساحل/alsahel المرجان/almarjan القمة/alqimma
        الجزيرة/aljazira الفجر/alfajr الندى/alnada الأصالة/alasala البركة/albaraka الرمال/alrimal
        السحاب/alsahab الشروق/alshorooq المدار/almadar الربوة/alrabwa الياقوت/alyaqoot السنابل/alsanabel
        المنارة/almanara الزمرد/alzumurrud
    """),
    streets=lines("""
        طريق الملك فهد
        شارع العليا
        شارع الأمير سلطان
        طريق المدينة
        شارع التحلية
        شارع الستين
        المنطقة الصناعية الثانية
        شارع الورود
        طريق الخليج
        حي النرجس
    """),
    address="{t}، مبنى {n}",
    mobile="050 000 ####",
    mailboxes=("info", "sales", "purchasing", "office"),
    distributors=(
        "شركة {s} للدهانات المحدودة",
        "مؤسسة {s} لمواد البناء",
        "شركة {f} وأولاده التجارية",
        "شركة {s} للتوريدات الصناعية",
    ),
    chains=("بيت {s} للدهانات", "مراكز {s} لمواد البناء", "أسواق {s} للأدوات المنزلية"),
    branch="{s}، فرع {c}",
    trades=(
        "مؤسسة {f} للمقاولات",
        "مؤسسة {s} للدهانات والديكور",
        "ورشة {f} للحدادة",
        "منجرة {s}",
        "شركة {s} للأرضيات",
        "مؤسسة {f} للتشطيبات",
    ),
    phrases={
        "late": ("تأخر الطلب {o}", "وُعدنا بالتسليم الأسبوع الماضي والعمال ينتظرون في الموقع."),
        "colour": ("اللون غير مطابق في الطلب {o}", "درجة لون العلبة الثانية تختلف عن الأولى."),
        "short": ("نقص في الطلب {o}", "صنفان من إشعار التسليم لم يصلا."),
        "question": ("سؤال عن مدة الجفاف", "كم يلزم الأساس من الوقت ليجف قبل الطبقة النهائية؟"),
        "quote": ("سعر لكمية أكبر", "نرجو عرض سعر لضعف الكمية المعتادة مع التوصيل إلى الموقع."),
        "thanks": ("شكرًا لكم", "وصل الطلب في موعده. نشكركم على سرعة المساعدة."),
        "consent": ("نعم، أرغب في استلام العروض بالبريد الإلكتروني.", "أرجو التوقف عن إرسال العروض."),
        "suppliers": ("دهانات وادي السدر", "طلاءات نجمة الهضبة", "مستودع ألوان الرمال", "دهانات بئر النخيل"),
        "merchants": ("مؤسسة ركن البناء للمواد", "معرض باب الدهانات"),
        "wishes": (
            "دهانات قليلة الرائحة للغرف المأهولة",
            "دهان للخشب الخارجي يتحمل الشمس",
            "طبقة نهائية سريعة الجفاف لأبواب الحديد",
            "أرضيات تتحمل الرافعة الشوكية في اليوم التالي",
            "دهان واجهات يقاوم الغبار والحرارة",
        ),
        "prefers": ("التسليم قبل الثامنة صباحًا", "فاتورة واحدة كل شهر", "الطلب بالبريد الإلكتروني دون اتصال"),
        "carriers": ("شاحنة الشركة", "نقل واحة الشرق"),
        "paid by": ("حوالة بنكية", "بطاقة"),
    },
)
