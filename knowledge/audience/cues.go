package audience

import "maps"

// DefaultCues returns phrases, in English, Portuguese and Spanish, by which
// buyers, creators and affiliates give themselves away. What people call
// their own, and what they did, tells most; but not "my course", which is the
// buyer's as well. Configuration may replace them.
func DefaultCues() map[string][]string {
	return maps.Clone(cues)
}

var cues = map[string][]string{
	"buyer": {
		"i bought", "i purchased", "i paid", "i ordered", "i subscribed", "i enrolled", "i signed up for", "ive bought", "ive paid", "i payed", "we bought", "we paid",
		"have bought", "have paid", "my purchase", "my order", "my payment", "my boleto", "my subscription", "my membership", "my renewal", "my installment", "my refund",
		"my money back", "my card", "my receipt", "my bank slip", "my certificate", "my lesson", "my teacher",
		"my package", "buying a course", "trying to pay", "paying for a course", "charged me", "got charged", "was charged", "was billed",
		"been charged", "billed me", "charging me", "my reimbursement", "the seller", "the teacher", "the creator", "the instructor", "the course i bought",
		"watch", "refund", "reimbursement", "money back", "cash back", "wrong course", "lessons", "classes", "bank slip", "purchase", "ordered", "paid for",

		"comprei", "paguei", "assinei", "minha compra", "minhas compras", "meu pedido", "minha assinatura", "meu reembolso", "meu boleto",
		"minha parcela", "minhas parcelas", "me cobraram", "cobraram", "meu certificado", "minhas aulas", "depois de comprar",
		"dinheiro de volta", "o produtor", "o vendedor", "o professor", "meu cartao", "minha fatura", "reembolso",

		"compre", "pague", "me suscribi", "mi compra", "mis compras", "mi pedido", "mi suscripcion", "mi reembolso", "mis cuotas",
		"me cobraron", "mi certificado", "mis clases", "devolucion", "devuelvan", "mi dinero", "el vendedor", "el productor",
		"el profesor", "mi tarjeta",
	},
	"creator": {
		"my product", "my ebook", "my student", "my learner", "my customer", "my client", "my buyer", "my member", "my members area",
		"my affiliate", "my affiliates", "my affiliate program", "my launch", "my pricing", "my price", "my offer", "my checkout", "my sales page",
		"my audience", "my lead", "my list", "my team", "my partner", "my coproducer", "my workshop", "my training", "my masterclass", "my seminar",
		"my webinar", "my class", "my business", "my video", "my club", "my store", "my plan", "my program", "my community", "my coupon", "my free trial",
		"purchases of my course", "sales of my course", "price of my course", "my company", "i sell", "to sell", "start selling", "my sale", "i sold", "i created", "i launched", "i uploaded", "im selling", "sell my", "selling my", "promote my", "promotes my",
		"sell for me", "promote for me", "a customer", "a student", "a buyer", "a member", "students", "customers", "buyers", "learners", "members",
		"leads", "coproducer", "co producer", "course owner", "uploaded", "members area", "subscribers",
		"checkout", "ebook", "launch", "free trial", "team", "coupon",

		"meu produto", "meus produtos", "meu ebook", "meus alunos", "meu aluno", "meus clientes", "meus compradores", "meus afiliados",
		"meu programa", "minha area de membros", "meu lancamento", "minha equipe", "minha oferta", "meu checkout", "meu formulario", "vendi", "eu vendo",
		"minhas vendas", "vendas do meu curso", "preco do meu curso", "vender meu curso", "divulga meu", "divulgar meu", "coprodutor", "cadastrar produto", "posso vender", "alunos", "clientes",
		"cupom", "area de membros",

		"mi producto", "mis productos", "mis alumnos", "mis estudiantes", "mis clientes", "mis compradores", "mis afiliados",
		"mi area de miembros", "mi lanzamiento", "mi equipo", "mi oferta", "mi formulario", "mis ventas", "ventas de mi curso", "precio de mi curso", "vender mi curso", "vendo", "mi socio",
		"coproductor", "cuenta de productor", "puedo vender", "se puede vender", "alumnos", "area de miembros",
	},
	"affiliate": {
		"my affiliate link", "my link", "my hotlink", "my promo link", "my affiliate code", "promo link", "hotlink",
		"i promote", "im an affiliate", "i am an affiliate", "im affiliate", "as an affiliate", "my commission", "no commission",
		"become affiliate", "become an affiliate", "affiliate account", "affiliate link",
		"promoters", "promoting", "course i promote", "affiliate code",

		"sou afiliado", "sou afiliada", "meu link de afiliado", "meu link", "meu hotlink", "minha comissao", "meu codigo de afiliado",
		"ser afiliado", "virar afiliado", "me afiliar", "que divulgo", "conta de afiliado",

		"soy afiliado", "soy afiliada", "mi enlace de afiliado", "mi enlace", "mi link", "mi hotlink", "mi comision", "comision",
		"afiliarme", "que promociono", "cuenta de afiliado",
	},
}
