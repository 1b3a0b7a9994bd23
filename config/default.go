package config

import "time"

// Default is the configuration when nothing is set: the built-in articles and
// one desk, tickets in memory. `signpost chat` needs no more.
func Default() Config {
	return Config{
		Installation: "main",
		Knowledge:    Knowledge{Rescan: time.Minute},
		Languages:    []string{"en", "pt-BR", "es"},
		Audiences: []Audience{
			{
				Name:  "buyer",
				Label: map[string]string{"en": "Buyer", "pt-BR": "Comprador", "es": "Comprador"},
				Cues: []string{
					"i bought", "i purchased", "i paid", "my purchase", "my order", "my refund",
					"i want my money back", "my course access", "i subscribed", "my subscription was charged",
					"my card was charged", "i was charged",
					"comprei", "minha compra", "meu pedido", "paguei", "meu reembolso",
					"quero meu dinheiro de volta", "fui cobrado", "fui cobrada", "meu boleto", "assinei",
					"acessar meu curso", "curso que comprei",
					"compré", "mi compra", "mi pedido", "pagué", "mi reembolso", "quiero mi dinero de vuelta",
					"me cobraron", "mi tarjeta", "me suscribí", "acceder a mi curso", "curso que compré",
					"quiero cancelar mi suscripción",
				},
			},
			{
				Name:  "creator",
				Label: map[string]string{"en": "Creator", "pt-BR": "Produtor", "es": "Productor"},
				Cues: []string{
					"i sell", "my product", "my students", "my sales", "my customers", "my buyers",
					"my affiliates", "i created a course", "my sales page", "my checkout", "my withdrawal",
					"i am a creator",
					"vendo", "meu produto", "meus alunos", "minhas vendas", "meus clientes",
					"meus compradores", "meus afiliados", "criei um curso", "minha página de vendas",
					"meu checkout", "meu saque", "sou produtor",
					"mi producto", "mis alumnos", "mis estudiantes", "mis ventas", "mis clientes",
					"mis compradores", "mis afiliados", "creé un curso", "mi página de ventas",
					"mi checkout", "mi retiro", "soy productor",
				},
			},
			{
				Name:  "affiliate",
				Label: map[string]string{"en": "Affiliate", "pt-BR": "Afiliado", "es": "Afiliado"},
				Cues: []string{
					"i am an affiliate", "i'm an affiliate", "as an affiliate", "my commission",
					"my commissions", "my hotlink", "my affiliate link", "my referral link", "i promote",
					"i promoted", "my affiliation", "become an affiliate",
					"sou afiliado", "sou afiliada", "como afiliado", "minha comissão", "minhas comissões",
					"meu hotlink", "meu link de afiliado", "meu link de divulgação", "divulgo",
					"minha afiliação", "me afiliei", "virar afiliado",
					"soy afiliado", "soy afiliada", "como afiliada", "mi comisión", "mis comisiones",
					"mi hotlink", "mi enlace de afiliado", "mi enlace de divulgación", "promociono",
					"mi afiliación", "me afilié", "ser afiliado",
				},
			},
		},
		Answers:  Answers{Articles: 3},
		Desks:    []Desk{{Name: "support", ShowNames: "name"}},
		Escalate: Escalate{Misses: 2},
		Resolve:  Resolve{Grace: 48 * time.Hour},
		Log:      Log{Level: "info", Format: "text"},
	}
}
