package knowledge

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/audience"
)

// An exchange is a conversation whose last message is looked at.
type exchange struct {
	before  string // what was asked before; several divided by " / "
	text    string
	article ArticleID // right, in the first place or among the first three
	within  int
	who     string // whom the answer is for; "" if it does not matter
}

// exchanges were written from the articles of the sample.
var exchanges = []exchange{
	// For whom, and the question before is answered anew.
	{"how do I close my account?", "i mean as affiliate", "215826308", 1, "affiliate"},
	{"how do I close my account?", "as a buyer", "23974358612493", 1, "buyer"},
	{"how do I close my account?", "I'm a creator", "215826308", 1, "creator"},
	{"how do I close my account?", "no, as a producer", "215826308", 1, "creator"},
	{"how do I close my account?", "not as a buyer, as a creator", "215826308", 1, "creator"},
	{"how do I close my account?", "and for affiliates?", "215826308", 1, "affiliate"},
	{"how do I close my account?", "what about buyers?", "23974358612493", 1, "buyer"},
	{"what taxes apply?", "i am a seller", "360051146712", 1, "creator"},
	{"what taxes apply?", "sorry, i meant as a buyer", "360051614631", 1, "buyer"},
	{"how do I change my access email?", "as the creator", "208279118", 1, "creator"},
	{"how do I change my access email?", "buyer", "9370387188877", 1, "buyer"},
	{"how do I close my account? / i mean as affiliate", "and as a buyer?", "23974358612493", 1, "buyer"},
	{"como encerro minha conta?", "e como afiliado?", "215826308", 1, "affiliate"},
	{"como encerro minha conta?", "sou compradora", "23974358612493", 1, "buyer"},
	{"como encerro minha conta?", "quero dizer como produtor", "215826308", 1, "creator"},
	{"como encerro minha conta?", "não, como comprador", "23974358612493", 1, "buyer"},
	{"quais impostos se aplicam?", "e para produtores?", "360051146712", 3, "creator"},
	{"¿cómo cierro mi cuenta?", "soy creador", "215826308", 1, "creator"},
	{"¿cómo cierro mi cuenta?", "¿y como afiliada?", "215826308", 1, "affiliate"},
	{"¿cómo cierro mi cuenta?", "no soy productor, soy comprador", "23974358612493", 1, "buyer"},
	{"¿cómo cambio mi correo de acceso?", "digo como comprador", "9370387188877", 1, "buyer"},

	// A variant, read with the question before.
	{"how do I pay my subscription with another method?", "and for pix?", "13959852109325", 3, ""},
	{"how do I add a payment method for subscriptions to my product?", "what about paypal", "360005547251", 1, ""},
	{"how can I activate a payment method for my sales?", "and SPEI?", "360044710792", 1, ""},
	{"how can I activate a payment method for my sales? / and SPEI?", "and what about PSE?", "360038790632", 1, ""},
	{"how can I activate a payment method for my sales? / and SPEI?", "and in Colombia?", "6501297299725", 3, ""},
	{"how do I request a refund for my purchase?", "and how do I track it?", "4429522581901", 1, "buyer"},
	{"how do I request a refund for my purchase?", "what if the deadline expired?", "218485398", 1, "buyer"},
	{"how do I cancel my subscription?", "how long does it take?", "115002183968", 3, ""},
	{"how do I withdraw my commission?", "and when?", "360028608652", 3, ""},
	{"how do I register my bank account for withdrawals?", "and outside of Brazil?", "23867226765709", 1, ""},
	{"como mudo a data de cobrança da minha assinatura?", "e a forma de pagamento?", "115000393187", 1, ""},
	{"como gero a nota fiscal da minha compra?", "e fora do Brasil?", "360007732151", 1, ""},
	{"como crio um cupom de desconto?", "e só para um afiliado?", "360015325411", 1, ""},
	{"¿cómo obtengo mi certificado?", "¿y cuándo?", "115002437531", 1, ""},
	{"¿cómo pido la Tarjeta Hotmart?", "¿y los requisitos?", "4408270119053", 1, ""},
	{"¿cómo creo un grupo en Hotmart Club?", "¿y para qué sirve?", "115001854571", 1, ""},

	{"how do I set up affiliate commissions?", "different for each one?", "115003321492", 3, ""},
	{"how long can I access my course?", "and with a subscription?", "360038515132", 3, ""},
	{"how do I access my course?", "in the app?", "360034026031", 3, "buyer"},
	{"how do I issue an invoice for my order?", "and in Brazilian real?", "360007732151", 3, ""},
	{"how do I get a new boleto?", "what happens when it expires?", "360038942851", 1, ""},
	{"how do I create a product?", "and how long until it is approved?", "208514268", 1, ""},
	{"como troco minha assinatura de pix para cartão?", "quem pode?", "13959852109325", 1, ""},
	{"quanto custa a conversão do saldo em dólares?", "e demora?", "34945044252173", 1, ""},
	{"como cadastro um produto?", "e para excluir?", "360017791931", 3, ""},
	{"¿qué hago si no puedo acceder a mi compra?", "¿y si escribí mal el correo?", "360038516312", 3, ""},
	{"¿cómo configuro la central de colaboradores?", "¿y los permisos?", "115007885368", 1, ""},
	{"¿qué puedo vender en Hotmart?", "¿también archivos de audio?", "360016600591", 1, ""},

	// Both at once.
	{"how do I register my bank account for withdrawals?", "and as an affiliate outside Brazil?", "23867226765709", 3, "affiliate"},

	// Something new stands alone.
	{"how do I get a refund?", "cancel my subscription", "115002183968", 1, ""},
	{"what are hotlinks?", "also where can I see my sales reports?", "115006453448", 3, ""},
	{"como gero a nota fiscal da minha compra?", "como faço a aprovação automática de afiliados?", "360039122611", 1, ""},
	{"how do I get a refund?", "change my password", "215826368", 3, ""},
	{"how do I get a refund?", "and how do I change my password?", "215826368", 3, ""},
	{"how do I close my account?", "how do I create discount coupons for my product?", "360015325411", 1, ""},
	{"how do I withdraw my commission?", "what are hotlinks?", "215829088", 1, ""},
	{"como encerro minha conta?", "como crio um cupom de desconto para o meu produto?", "360015325411", 1, ""},
	{"¿cómo cierro mi cuenta?", "olvidé mi contraseña", "360001554412", 3, ""},
}

// say asks the messages one after the other, as people do, and returns the
// answer to the last.
func say(ctx context.Context, l *Library, known []audience.Evidence, messages ...string) (Answer, error) {
	q := Question{Known: known}
	var answer Answer
	for _, text := range messages {
		q.Text = text
		var err error
		if answer, err = l.Find(ctx, q); err != nil {
			return answer, err
		}
		q.Before = append(slices.Clip(q.Before), text)
		if answer.Level != None {
			q.Topic = answer.Matches[0].Article.Topic
		}
		if answer.Says != "" {
			q.Known = choose(q.Known, answer.Says)
		}
	}
	return answer, nil
}

func TestFollow(t *testing.T) {
	library := sampleLibrary(t)
	for _, test := range exchanges {
		t.Run(test.before+" > "+test.text, func(t *testing.T) {
			answer, err := say(t.Context(), library, nil, append(strings.Split(test.before, " / "), test.text)...)
			if err != nil {
				t.Fatal(err)
			}
			place := slices.IndexFunc(answer.Matches, func(m Match) bool { return m.Article.ID == test.article })
			if place < 0 || place >= test.within {
				t.Errorf("%s stands in place %d, want among the first %d", test.article, place+1, test.within)
				for _, m := range answer.Matches {
					t.Logf("%.3f %s %v %s", m.Score, m.Article.ID, m.Article.Audiences, m.Article.Title)
				}
			}
			if answer.Intent != Asks || answer.Level == None {
				t.Errorf("intent %s, level %s", answer.Intent, answer.Level)
			}
			if test.who != "" && answer.Audience.Name != test.who {
				t.Errorf("for %q because of %v, want %q", answer.Audience.Name, answer.Audience.Why, test.who)
			}
		})
	}
}

// TestFollowNothing: what goes on from nothing and asks nothing is no question.
func TestFollowNothing(t *testing.T) {
	library := sampleLibrary(t)
	for _, text := range []string{"ok", "and?", "so ok", "yes", "e?", "sim", "¿y?", "vale"} {
		answer, err := say(t.Context(), library, nil, "how do I cancel my subscription?", text)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Intent == Asks || answer.Level != None {
			t.Errorf("%q: intent %s, level %s", text, answer.Intent, answer.Level)
		}
	}
}

func TestNaming(t *testing.T) {
	rules := sampleRules
	rules.Audiences = append(slices.Clone(rules.Audiences), Audience{Name: "vip", Called: []string{"Gold"}}, Audience{Name: "staff", Private: true})
	library := NewLibrary(sampleArticles(t), rules)
	tests := []struct {
		text string
		who  string // "" if it names nobody
		self bool
		rest string
	}{
		{"i mean as an affiliate", "affiliate", true, ""},
		{"I’m a producer", "creator", true, ""},
		{"as a buyer, not as a creator", "buyer", true, ""},
		{"no, as affiliate", "affiliate", true, ""},
		{"customer", "buyer", true, ""},
		{"for affiliates?", "affiliate", false, ""},
		{"e para os produtores?", "creator", false, ""},
		{"sou criadora", "creator", true, ""},
		{"não, sou afiliado", "affiliate", true, ""},
		{"no soy afiliada, soy creadora", "creator", true, ""},
		{"and as an affiliate with pix?", "affiliate", true, "with pix"},
		{"as gold", "vip", true, ""},
		{"i'm not a creator", "", false, ""},
		{"as an affiliate or a creator", "", false, ""},
		{"how do I become an affiliate?", "", false, ""},
		{"what does an affiliate earn?", "", false, ""},
		{"my affiliate has a question about commissions", "", false, ""},
		{"como me torno afiliado?", "", false, ""},
		{"as staff", "", false, ""},
		{"as", "", false, ""},
		{"", "", false, ""},
	}
	for _, test := range tests {
		got, ok := library.view(nil).naming(test.text)
		if ok != (test.who != "") || got.audience != test.who || got.self != test.self || got.rest != test.rest {
			t.Errorf("naming(%q) = %+v, %t, want %q, %t, %q", test.text, got, ok, test.who, test.self, test.rest)
		}
	}
	if got, ok := library.view([]string{"staff"}).naming("as staff"); !ok || got.audience != "staff" {
		t.Errorf("staff may not say that they are: %+v", got)
	}
}

// TestFollowSettled: who has chosen an audience since is not what they wrote.
func TestFollowSettled(t *testing.T) {
	answer, err := sampleLibrary(t).Find(t.Context(), Question{
		Text: "i mean as affiliate", Before: []string{"how do I close my account?"}, Settled: true,
		Known: []audience.Evidence{{Audience: "buyer", Source: audience.Chosen}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Audience.Name != "buyer" || answer.Says != "" || answer.Matches[0].Article.ID != "23974358612493" {
		t.Errorf("answered %q, says %q, with %q", answer.Audience.Name, answer.Says, answer.Matches[0].Article.Title)
	}
}
