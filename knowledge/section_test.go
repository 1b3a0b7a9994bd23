package knowledge

import (
	"slices"
	"strings"
	"testing"
)

// sectionQuestions were written from the articles of the sample: a question,
// the article that answers it, and where in it. A passage is what must be
// quoted of a section that is too long to be quoted whole.
var sectionQuestions = []struct {
	text    string
	article ArticleID
	heading string
	passage string
}{
	{"where do I type the transaction number to ask for a refund", "360061973392", "Three ways to request it", "refund.hotmart.com"},
	{"can the producer file the refund of my purchase for me", "360061973392", "Three ways to request it", "they can file the refund"},
	{"where can I see the deadline for a refund of my purchase", "360061973392", "Before you ask", ""},
	{"how many days does the seller have to approve my refund", "209034787", "What happens next", ""},
	{"which guarantee is allowed for sales in Europe", "209034787", "Guarantee periods", ""},
	{"how many business days does a refund by Nequi take", "4429522581901", "Time to receive", ""},
	{"where do I see the status of my refund request", "4429522581901", "Steps", ""},
	{"are the remaining installments charged after I cancel my subscription", "115002183968", "Refund and special cases", "installments"},
	{"does cancelling a subscription stop future charges", "115002183968", "What cancelling does", ""},
	{"why was there a small charge when I changed my subscription card", "360038568172", "The verification charge", "small charge"},
	{"two credit cards for a purchase in Mexico", "236107408", "When it is not offered", ""},
	{"does access to the course end when I stop paying the subscription", "360038515132", "Three models", "Subscription"},
	{"forgot the password of my online course", "360018415632", "Forgotten password", ""},
	{"can I download the videos in the app to watch without a connection", "360034026031", "Offline viewing", ""},
	{"does changing my password sign out my other devices", "215826368", "What changes afterwards", ""},
	{"can a closed buyer account be reactivated", "23974358612493", "Closing is not deleting", ""},
	{"can I change the due date of an expired boleto", "360038942851", "Get a new one", ""},
	{"I paid the boleto but still have no access, how many hours", "360038942851", "Frequent questions", ""},
	{"the page says the producer is responsible for the invoice", "9312586876557", "When the Producer must issue it", ""},
	{"the guarantee is over, can the producer still give me my money back", "218485398", "If the period is over", "give the money back"},
	{"is my company with an ABN exempt from GST", "360051614631", "Australia", ""},
	{"what does Impuesto PAIS cost on a foreign purchase", "360051614631", "Argentina", ""},
	{"the verification code does not arrive in my email", "24363752883213", "If the code does not arrive", ""},
	{"I got a verification email from the help center that I never asked for", "17992467470733", "If it was not you", ""},
	{"how do I check that my affiliate code is on the payment page", "209119037", "Check the reference", ""},
	{"how many days is the hotlink cookie stored", "209119037", "The reference code", ""},
	{"add the SRC parameter to my link", "22962324800269", "Campaign parameters", ""},
	{"did the order come from the producer's computer, so no commission", "209003477", "Usual reasons", "Producer's computer"},
	{"the buyer used my data and the commission was cancelled as a self-purchase", "209003477", "Usual reasons", "self-purchase"},
	{"qué pasos sigo para emitir el certificado y escribir mi nombre completo", "115002437531", "Emitirlo en la computadora", ""},
	{"¿los módulos adicionales cuentan para el certificado?", "115002437531", "Cuándo está disponible", ""},
	{"¿cuántas ventas aprobadas necesito para la Tarjeta Hotmart?", "4408270119053", "Requisitos", ""},
	{"como mudo o vencimento da minha assinatura", "115000393187", "Mudar a data de cobrança", "escolha a nova data"},
	{"trocar a assinatura de cartão para boleto", "115000393187", "Mudar a forma de pagamento", ""},
	{"quem emite a nota fiscal da minha compra no Brasil", "360007732151", "Quem emite a nota", ""},
	{"quero excluir um produto, dá para desistir depois", "360017791931", "Excluir um produto", ""},
	{"como mudo o fuso horário da minha conta", "215826318", "Idioma e fuso horário", ""},
	{"how do I close my buyer account?", "23974358612493", "Close it", ""},
	{"how do I close my account as a producer?", "215826308", "Close it", ""},
	{"how can I cancel my subscription?", "115002183968", "Steps", ""},
	{"how do I get a refund for my purchase?", "360061973392", "Three ways to request it", ""},
	{"how do I track my refund?", "4429522581901", "Steps", ""},
	{"how do I change my password?", "215826368", "Change it while logged in", ""},
	{"I forgot my password, how do I reset it?", "360001554412", "Reset it", ""},
	{"how do I use two credit cards?", "236107408", "Steps", ""},
	{"how do I find the details of my purchase?", "21859923338637", "Steps", ""},
	{"how can I delete my personal data?", "17928867275277", "Delete your data", ""},
	{"how do I reprocess a payment?", "23347578028557", "Steps", ""},
	{"how do I download the invoice for my order?", "9312586876557", "Download it from Hotmart", ""},
	{"how do I become an affiliate of a product?", "215829028", "Request the affiliation", ""},
	{"how do I shorten a link?", "22962324800269", "Shorten a link", ""},
	{"how do I set up an affiliate bonus?", "115005252568", "Steps", ""},
	{"what are hotlinks?", "215829088", "Definition", ""},
	{"how does a subscription plan work?", "208424858", "Basics", ""},
	{"como crio um cupom de desconto?", "360015325411", "Como configurar", ""},
	{"como cadastro meu produto?", "215828518", "Criar o produto", ""},
	{"como troco de boleto para cartão?", "13959852109325", "Passo a passo", ""},
	{"¿cómo creo un grupo?", "115001854571", "Crear un grupo", ""},
	{"¿cómo cierro mi cuenta de productor?", "215826308", "Cerrar la cuenta", ""},
	{"¿cómo cambio la función de un usuario?", "360016013971", "Cambiar la función", ""},
	{"¿cómo pido la Tarjeta Hotmart?", "4408270119053", "Cómo pedirla", ""},
	{"quanto custa a conversão do saldo em dólar para reais", "34945044252173", "Vantagens", "taxa de conversão de 1%"},
}

// TestSectionThatAnswers holds how often the section that is linked, and the
// passage that is quoted from it, are those that answer.
func TestSectionThatAnswers(t *testing.T) {
	library := sampleLibrary(t)
	var right, quoted tally
	for _, test := range sectionQuestions {
		answer, err := library.Find(t.Context(), Question{Text: test.text, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(answer.Matches, func(m Match) bool { return m.Article.ID == test.article })
		if i < 0 {
			t.Errorf("%q does not find %s", test.text, test.article)
			continue
		}
		m := answer.Matches[i]
		right.add(m.Section.Heading == test.heading)
		if m.Section.Heading != test.heading {
			t.Logf("%q links to %q, not to %q", test.text, m.Section.Heading, test.heading)
		}
		if !strings.Contains(m.Section.Text, strings.TrimSuffix(m.Passage, more)) {
			t.Errorf("%q: %q is not quoted", test.text, m.Passage)
		}
		if test.passage != "" && m.Section.Heading == test.heading {
			quoted.add(strings.Contains(m.Passage, test.passage))
			if !strings.Contains(m.Passage, test.passage) {
				t.Logf("%q quotes %q", test.text, m.Passage)
			}
		}
	}
	for _, f := range []floor{{"right sections", right, 0.9}, {"right passages", quoted, 1}} {
		t.Logf("%s %.3f of %d", f.name, f.got.share(), f.got.all)
		if f.got.share() < f.want {
			t.Errorf("%s: %.3f, want at least %.2f", f.name, f.got.share(), f.want)
		}
	}
}

// unrelated are ten sections of a gardening book.
var unrelated = []Section{
	{Heading: "Soil", Text: "Clay holds water and warms slowly. Mix in compost each autumn, and never dig while it is wet."},
	{Heading: "Roses", Text: "Prune above an outward bud in early spring. Feed with potash once the first flush has faded."},
	{Heading: "Lawns", Text: "Mow high in dry summers. Moss thrives where grass starves for sunlight, so thin the branches overhead."},
	{Heading: "Tomatoes", Text: "Pinch out side shoots weekly. Yellowing leaves near the roots are harmless; curled tips mean drought."},
	{Heading: "Hedges", Text: "Yew tolerates shade, beech keeps its brown foliage through winter. Trim both wider below than on top."},
	{Heading: "Bulbs", Text: "Plant tulips three times as deep as they are tall. Squirrels dislike chopped holly strewn above."},
	{Heading: "Ponds", Text: "Half the surface wants shading by lilies. Frogs arrive by themselves where one bank slopes gently."},
	{Heading: "Beans", Text: "Sow beans when hawthorn blossoms. Runner beans climb hazel poles and set poorly above thirty degrees."},
	{Heading: "Apples", Text: "A tree on dwarf rootstock fruits early and needs a stake for good. Thin the crop in June."},
	{Heading: "Bees", Text: "Leave hollow stems standing until April. Lavender, thyme and ivy feed bumblebees from thaw to frost."},
}

// TestLongArticlesDoNotWinByLength pads one article after the other with what
// nobody asked about. It must not come further up for that in any answer.
func TestLongArticlesDoNotWinByLength(t *testing.T) {
	if raced {
		t.Skip("learns six libraries, which takes the race detector a minute; tools/test.sh runs it without")
	}
	articles := sampleArticles(t)
	var questions []string
	var first []int // by question, which article was asked for
	for i := 0; i < len(articles) && len(questions) < 50; i++ {
		if a := articles[i]; a.Lang == "en" && len(a.Questions) > 0 {
			questions, first = append(questions, a.Questions[i%len(a.Questions)]), append(first, i)
		}
	}
	places := func(articles []*Article) []map[ArticleID]int {
		library := NewLibrary(articles, sampleRules)
		var all []map[ArticleID]int
		for _, text := range questions {
			answer, err := library.Find(t.Context(), Question{Text: text, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			at := map[ArticleID]int{}
			for i, m := range answer.Matches {
				at[m.Article.ID] = i
			}
			all = append(all, at)
		}
		return all
	}
	before := places(articles)
	for _, i := range []int{first[3], first[17], first[31], first[44], first[49]} {
		padded := slices.Clone(articles)
		long := *articles[i]
		long.Sections = slices.Concat(long.Sections, unrelated)
		padded[i] = &long
		lost := 0
		for k, after := range places(padded) {
			now, found := after[long.ID]
			then, was := before[k][long.ID]
			if found && (!was || now < then) {
				t.Errorf("%q: %q comes up from place %d to %d (was found: %t)", questions[k], long.Title, then+1, now+1, was)
			}
			if was && (!found || now > then) {
				lost++
			}
		}
		t.Logf("%q comes further down for %d of %d questions", long.Title, lost, len(questions))
	}
}
