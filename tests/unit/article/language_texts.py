"""One invented news text in 64 languages: a city council decides to replace two cranes."""

TEXTS = {
    "en": (
        "The harbour board voted on Tuesday to replace the two oldest cranes before winter, at a cost it "
        "would not name. Residents had asked for a public hearing."
    ),
    "de": (
        "Der Stadtrat hat am Dienstag beschlossen, die alte Brücke vor dem Winter zu erneuern. Die Kosten "
        "wollte niemand nennen, obwohl die Anwohner danach fragten."
    ),
    "fr": (
        "Le conseil municipal a décidé mardi de remplacer les deux plus vieilles grues avant l'hiver. Les "
        "habitants avaient demandé une réunion publique."
    ),
    "es": (
        "El consejo municipal decidió el martes reemplazar las dos grúas más antiguas antes del invierno. Los "
        "vecinos habían pedido una reunión pública."
    ),
    "pt": (
        "A câmara municipal decidiu na terça-feira substituir as duas gruas mais antigas antes do inverno. Os "
        "moradores não foram ouvidos sobre a questão."
    ),
    "it": (
        "Il consiglio comunale ha deciso martedì di sostituire le due gru più vecchie prima dell'inverno. Gli "
        "abitanti avevano chiesto una riunione pubblica."
    ),
    "nl": (
        "De gemeenteraad heeft dinsdag besloten de twee oudste kranen voor de winter te vervangen. De "
        "bewoners hadden om een openbare vergadering gevraagd."
    ),
    "sv": (
        "Kommunfullmäktige beslutade i tisdags att byta ut de två äldsta kranarna före vintern. De boende "
        "hade bett om ett offentligt möte."
    ),
    "da": (
        "Byrådet besluttede tirsdag at udskifte de to ældste kraner inden vinteren. Beboerne havde bedt om et "
        "offentligt møde, men det blev ikke til noget."
    ),
    "no": (
        "Kommunestyret vedtok tirsdag å bytte ut de to eldste kranene før vinteren. Beboerne hadde bedt om et "
        "åpent møte, men det ble det ikke noe av."
    ),
    "fi": (
        "Kaupunginvaltuusto päätti tiistaina uusia kaksi vanhinta nosturia ennen talvea. Asukkaat olivat "
        "pyytäneet julkista kuulemista asiasta."
    ),
    "is": (
        "Bæjarstjórnin ákvað á þriðjudag að skipta út tveimur elstu krönunum fyrir veturinn. Íbúar höfðu "
        "beðið um opinn fund um málið."
    ),
    "et": (
        "Linnavolikogu otsustas teisipäeval vahetada enne talve välja kaks vanimat kraanat. Elanikud olid "
        "palunud avalikku arutelu."
    ),
    "lv": (
        "Pilsētas dome otrdien nolēma pirms ziemas nomainīt divus vecākos celtņus. Iedzīvotāji bija lūguši "
        "publisku apspriešanu."
    ),
    "lt": (
        "Miesto taryba antradienį nusprendė prieš žiemą pakeisti du seniausius kranus. Gyventojai buvo prašę "
        "viešo svarstymo."
    ),
    "pl": (
        "Rada miasta zdecydowała we wtorek, że przed zimą wymieni dwa najstarsze dźwigi. Mieszkańcy prosili o "
        "otwarte spotkanie w tej sprawie."
    ),
    "cs": (
        "Městská rada v úterý rozhodla, že před zimou vymění dva nejstarší jeřáby. Obyvatelé žádali o veřejné "
        "projednání celé věci."
    ),
    "sk": (
        "Mestské zastupiteľstvo v utorok rozhodlo, že pred zimou vymení dva najstaršie žeriavy. Obyvatelia "
        "žiadali o verejné prerokovanie."
    ),
    "sl": (
        "Mestni svet je v torek sklenil, da bo pred zimo zamenjal dva najstarejša žerjava. Prebivalci so "
        "prosili za javno razpravo."
    ),
    "hr": (
        "Gradsko vijeće odlučilo je u utorak zamijeniti dvije najstarije dizalice prije zime. Stanovnici su "
        "tražili javnu raspravu o tome."
    ),
    "sr": (
        "Градско веће одлучило је у уторак да замени две најстарије дизалице пре зиме. Становници су тражили "
        "јавну расправу о томе."
    ),
    "bg": (
        "Градският съвет реши във вторник да смени двата най-стари крана преди зимата. Жителите бяха поискали "
        "публично обсъждане на въпроса."
    ),
    "mk": (
        "Градскиот совет во вторникот одлучи да ги замени двата најстари крана пред зимата. Жителите побараа "
        "јавна расправа за ова прашање."
    ),
    "ru": (
        "Городской совет во вторник решил до зимы заменить два самых старых крана. Жители просили провести "
        "открытое обсуждение этого вопроса."
    ),
    "uk": (
        "Міська рада у вівторок вирішила до зими замінити два найстаріші крани. Мешканці просили провести "
        "відкрите обговорення цього питання."
    ),
    "be": (
        "Гарадскі савет у аўторак вырашыў да зімы замяніць два самыя старыя краны. Жыхары прасілі правесці "
        "адкрытае абмеркаванне гэтага пытання."
    ),
    "ro": (
        "Consiliul local a decis marți să înlocuiască cele mai vechi două macarale înainte de iarnă. "
        "Locuitorii ceruseră o dezbatere publică."
    ),
    "hu": (
        "A városi tanács kedden úgy döntött, hogy a tél előtt lecseréli a két legrégebbi darut. A lakók "
        "nyilvános meghallgatást kértek."
    ),
    "el": (
        "Το δημοτικό συμβούλιο αποφάσισε την Τρίτη να αντικαταστήσει τους δύο παλαιότερους γερανούς πριν από "
        "τον χειμώνα. Οι κάτοικοι ζητούσαν δημόσια συζήτηση."
    ),
    "tr": (
        "Belediye meclisi salı günü en eski iki vinci kıştan önce yenilemeye karar verdi. Mahalle sakinleri "
        "halka açık bir toplantı istemişti."
    ),
    "sq": (
        "Këshilli bashkiak vendosi të martën të zëvendësojë dy vinçat më të vjetër para dimrit. Banorët "
        "kishin kërkuar një dëgjesë publike."
    ),
    "ca": (
        "El consell municipal va decidir dimarts substituir les dues grues més antigues abans de l'hivern. "
        "Els veïns havien demanat una reunió pública."
    ),
    "gl": (
        "O concello decidiu o martes substituír os dous guindastres máis vellos antes do inverno. A veciñanza "
        "pedira unha reunión pública sobre o asunto."
    ),
    "eu": (
        "Udalak asteartean erabaki zuen bi garabi zaharrenak ordeztea negua baino lehen. Herritarrek bilera "
        "irekia eskatu zuten horri buruz."
    ),
    "cy": (
        "Penderfynodd y cyngor ddydd Mawrth adnewyddu'r ddau graen hynaf cyn y gaeaf. Roedd y trigolion wedi "
        "gofyn am gyfarfod cyhoeddus."
    ),
    "ga": (
        "Shocraigh an chomhairle Dé Máirt an dá chrann tógála is sine a athsholáthar roimh an ngeimhreadh. "
        "D'iarr na cónaitheoirí cruinniú poiblí."
    ),
    "id": (
        "Dewan kota memutuskan pada hari Selasa untuk mengganti dua derek tertua sebelum musim hujan. Warga "
        "telah meminta rapat terbuka mengenai hal itu."
    ),
    "ms": (
        "Majlis bandaran memutuskan pada hari Selasa untuk menggantikan dua kren tertua sebelum musim "
        "tengkujuh. Penduduk telah meminta mesyuarat awam diadakan."
    ),
    "tl": (
        "Nagpasya ang konseho ng lungsod noong Martes na palitan ang dalawang pinakalumang kreyn bago "
        "magtag-ulan. Humiling ang mga residente ng pampublikong pagdinig."
    ),
    "vi": (
        "Hội đồng thành phố hôm thứ Ba quyết định thay hai chiếc cần cẩu cũ nhất trước mùa đông. Người dân đã "
        "yêu cầu một buổi họp công khai."
    ),
    "sw": (
        "Baraza la mji liliamua siku ya Jumanne kubadilisha winchi mbili za zamani zaidi kabla ya msimu wa "
        "mvua. Wakazi walikuwa wameomba mkutano wa hadhara."
    ),
    "ha": (
        "Majalisar birnin ta yanke shawara a ranar Talata cewa za a sauya tsofaffin injuna biyu kafin damina. "
        "Mazauna garin sun nemi a yi taro na jama'a."
    ),
    "yo": (
        "Ìgbìmọ̀ ìlú náà pinnu ní ọjọ́ Ìṣẹ́gun láti pààrọ̀ àwọn ẹ̀rọ méjì tó ti pẹ́ jùlọ kí òjò tó dé. Àwọn "
        "ará ìlú ti béèrè fún ìpàdé gbogbogbòò."
    ),
    "ig": (
        "Ndị isi obodo kpebiri na Tuzdee ịgbanwe igwe abụọ kacha ochie tupu oge mmiri. Ndị bi n'obodo ahụ "
        "rịọrọ ka e nwee nzukọ ọha na eze."
    ),
    "so": (
        "Golaha deegaanka ayaa Talaadadii go'aansaday in la beddelo labada wiish ee ugu da'da weyn ka hor "
        "xilliga roobka. Dadka deegaanka ayaa codsaday kulan furan."
    ),
    "zu": (
        "Umkhandlu wedolobha unqume ngoLwesibili ukushintsha imishini emibili emidala kunayo yonke ngaphambi "
        "kobusika. Izakhamuzi bezicele umhlangano womphakathi."
    ),
    "af": (
        "Die stadsraad het Dinsdag besluit om die twee oudste hyskrane voor die winter te vervang. Die "
        "inwoners het om 'n openbare vergadering gevra."
    ),
    "ar": (
        "قرر مجلس المدينة يوم الثلاثاء استبدال أقدم رافعتين قبل الشتاء. وكان السكان قد طلبوا عقد جلسة استماع "
        "علنية حول هذه المسألة."
    ),
    "fa": (
        "شورای شهر روز سه‌شنبه تصمیم گرفت دو جرثقیل قدیمی را پیش از زمستان عوض کند. ساکنان خواستار برگزاری "
        "جلسه‌ای عمومی شده بودند."
    ),
    "ur": (
        "شہری کونسل نے منگل کو فیصلہ کیا کہ سردیوں سے پہلے دو سب سے پرانی کرینیں تبدیل کی جائیں گی۔ مکینوں نے "
        "عوامی اجلاس کا مطالبہ کیا تھا۔"
    ),
    "he": (
        "מועצת העיר החליטה ביום שלישי להחליף את שני המנופים הישנים ביותר לפני החורף. התושבים ביקשו לקיים דיון "
        "ציבורי בנושא."
    ),
    "hi": (
        "नगर परिषद ने मंगलवार को फैसला किया कि सर्दियों से पहले दो सबसे पुरानी क्रेनें बदली जाएंगी। निवासियों "
        "ने सार्वजनिक सुनवाई की मांग की थी।"
    ),
    "bn": (
        "নগর পরিষদ মঙ্গলবার সিদ্ধান্ত নিয়েছে যে শীতের আগেই সবচেয়ে পুরোনো দুটি ক্রেন বদলানো হবে। বাসিন্দারা গণশুনানির দাবি জানিয়েছিলেন।"
    ),
    "ta": (
        "குளிர்காலத்திற்கு முன் மிகப் பழமையான இரண்டு கிரேன்களை மாற்ற நகர சபை செவ்வாய்க்கிழமை முடிவு செய்தது. "
        "குடியிருப்பாளர்கள் பொதுக் கூட்டம் கேட்டிருந்தனர்."
    ),
    "th": ("สภาเทศบาลมีมติเมื่อวันอังคารให้เปลี่ยนเครนเก่าแก่ที่สุดสองตัวก่อนฤดูหนาว ชาวบ้านขอให้มีการประชุมรับฟังความคิดเห็นสาธารณะ"),
    "ja": "市議会は火曜日、冬が来る前に最も古いクレーン二基を取り替えることを決めた。住民は公開の説明会を求めていた。",
    "ko": (
        "시의회는 화요일 겨울이 오기 전에 가장 오래된 크레인 두 대를 교체하기로 결정했다. "
        "주민들은 공청회를 요구해 왔다."
    ),
    "zh": "市议会星期二决定在冬天到来之前更换两台最旧的起重机。居民们此前曾要求就此事举行公开听证会。",
    "ka": (
        "საკრებულომ სამშაბათს გადაწყვიტა, ზამთრის წინ შეცვალოს ორი უძველესი ამწე. მოსახლეობა საჯარო განხილვას ითხოვდა."
    ),
    "hy": (
        "Քաղաքային խորհուրդը երեքշաբթի որոշեց մինչև ձմեռ փոխարինել երկու ամենահին կռունկները։ Բնակիչները "
        "հանրային քննարկում էին խնդրել։"
    ),
    "am": "የከተማው ምክር ቤት ማክሰኞ ዕለት ከክረምት በፊት ሁለቱን ያረጁ ክሬኖች ለመተካት ወሰነ። ነዋሪዎች የህዝብ ስብሰባ ጠይቀው ነበር።",
    "kk": (
        "Қалалық мәслихат сейсенбі күні қысқа дейін ең ескі екі кранды ауыстыру туралы шешім қабылдады. "
        "Тұрғындар ашық жиналыс өткізуді сұраған."
    ),
    "az": (
        "Şəhər şurası çərşənbə axşamı qışdan əvvəl iki ən köhnə kranı dəyişdirmək qərarına gəldi. Sakinlər "
        "ictimai dinləmə istəmişdilər."
    ),
    "uz": (
        "Shahar kengashi seshanba kuni qishgacha ikkita eng eski kranni almashtirishga qaror qildi. Aholi "
        "ochiq yigʻilish oʻtkazishni soʻragan edi."
    ),
}
