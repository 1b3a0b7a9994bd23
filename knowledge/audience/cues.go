package audience

import (
	"maps"
	"slices"
	"strings"
)

// DefaultCues returns phrases, in English, Portuguese and Spanish, by which
// buyers, creators and affiliates give themselves away. What people call
// their own, what they did, and of whom they speak tells most; but not "my
// course", which is the buyer's as well, nor "refund": both sides ask about
// that. Configuration may replace them.
func DefaultCues() map[string][]string {
	return maps.Clone(defaultCues)
}

// defaultCues are written with alternatives: "my/our student/client" is four.
var defaultCues = map[string][]string{
	"buyer": each(
		"i/ive/we/weve/i've/just/already/have bought/purchased/paid/payed/ordered/subscribed/enrolled", "i/ive signed up for", "i/we pay/buy/subscribe", "was/am/be/get/got/getting/been i/charged charged/billed/twice",
		"want/wanna/like/trying/tried/how to buy", "trying/tried/unable to pay", "buying/paying for a course", "thinking of buying", "when i pay", "before i buy",
		"my/our purchase/order/boleto/slip/renewal/installment/installments/refund/reimbursement/receipt/invoice/card/bank/certificate/diploma/teacher/instructor/tutor/package",
		"my bank slip", "my credit/debit card", "my payment", "my subscription",
		"my/the/our/get/gimme money back", "want/get/request/claim/asked/ask/asking for a refund", "want/get/request/claim a refund", "refund me", "charged/billed/charging/billing/charge/bill me", "got/was/were/been/being/be charged/billed",
		"the/this seller/teacher/creator/producer/instructor/tutor/author", "ask/asked/asking for my money", "my money", "my bill",
		"open/access/enter/find/watch/watching/finish/finished/see/view/download/into my course/class/lesson/lessons/classes", "access/get/log/getting/logging to/in/into my course/class/lesson/classes",
		"the course/product i bought", "i finished/completed the/my/all", "my first access", "wrong course",

		"comprei", "paguei", "assinei", "me inscrevi/matriculei", "minha/minhas compra/parcela/assinatura/fatura/renovacao", "meu/meus pedido/reembolso/boleto/certificado/cartao/recibo/comprovante/pagamento",
		"eu/vou compro/assino/pagar/pago", "meu dinheiro", "acessar/abrir/assistir/ver/encontrar/achar/baixar meu/meus/minha/minhas curso/aula/certificado", "entrar/acesso/acessar no/ao/nas meu/minhas curso/aula", "fui cobrado/cobrada", "me cobraram/cobrou", "estao/esta/continuam me cobrando", "dinheiro de volta", "quero/pedir/peco/solicitar/pedi reembolso", "quero/queria/tentando/consigo comprar", "tentando/consigo pagar",
		"o/a produtor/vendedor/professor/produtora/vendedora/professora", "curso/produto que comprei", "terminei/conclui o/meu curso",

		"compre", "pague", "me suscribi/inscribi/matricule", "mi/mis compra/pedido/suscripcion/reembolso/devolucion/cuota/certificado/diploma/tarjeta/recibo/comprobante/factura/pago",
		"me cobraron/cobran/cobro", "me estan/siguen cobrando", "mi dinero", "yo compro/pago", "acceder/abrir/ver/encontrar/descargar/terminar mi/mis/a curso/clase/certificado", "entrar/acceso/acceder/ingresar a mi/mis curso/clase", "me devuelvan/devuelven", "quiero/pedir/solicitar/pido/quiero/una/la devolucion", "quiero/quisiera/intento/puedo comprar", "intento pagar",
		"el/la vendedor/productor/profesor/vendedora/productora/profesora", "curso/producto que compre", "termine el/mi curso",
	),
	"creator": each(
		"my/our student/learner/customer/client/buyer/member/subscriber/attendee/participant/audience/lead/list/product/ebook/affiliate/promoter/coproducer/partner/team/staff/assistant/accountant/developer/employee",
		"my/our offer/pricing/price/checkout/launch/coupon/webinar/workshop/training/masterclass/seminar/mentoring/podcast/business/brand/store/school/club/community/program/sale/trial/domain/form/funnel",
		"my sales page", "my members/member area", "my free trial", "my affiliate program", "my order/payment/checkout page/form", "my video/videos",
		"i/we sell/sold/created/launched/published/publish/uploaded/upload/recorded/teach/built/offer", "im/we're selling/launching/creating", "to/can/start/i'd/and/or sell", "sell/selling/sells/promote/promotes/promoting/launch/publish/buy/buys my/mine", "sell/promote for me",
		"sale/sales/price/purchases of my course", "create/creating/register/add/publish a/my product/course", "i made a course",
		"a/one/each/every/another/new/some student/customer/buyer/member/subscriber/client/learner", "student", "customer", "buyer", "learner", "member", "subscriber", "attendee", "lead", "coproducer", "co producer", "course owner",
		"someone/somebody/anyone/people/who/they buy/buys/bought", "let/want/if/when/so people/someone/anyone/somebody", "an/one/several/some/which/most/approve/accept affiliate", "checkout page", "free trial",

		"meu/meus produto/ebook/aluno/cliente/comprador/compradore/assinante/inscrito/membro/afiliado/seguidore/socio/assistente/contador/coprodutor/funcionario/lancamento/checkout/formulario/programa/clube/preco/cupom/negocio/webinar/evento",
		"minha/minhas area de membros", "minha/minhas equipe/oferta/pagina/lista/comunidade/mentoria/loja/escola/venda/audiencia", "vendi", "vendo", "eu/ja/quero/posso/poder/para/pra/comecar vender", "criei", "lancei", "publiquei", "gravei", "cadastrei", "eu vendo",
		"vender/divulgar/divulga/publicar/cadastrar/lancar/comprar/compra/comprou meu/meus/minha", "vendas/venda/preco do meu curso", "criar/cadastrar/registrar/publicar um/uma/meu produto/curso", "cadastrar produto",
		"um/uma/cada/outro aluno/aluna/cliente/comprador/assinante/afiliado", "aluno", "cliente", "comprador", "compradore", "assinante", "coprodutor", "quem/alguem/pessoas compra/comprou/comprar/compram", "area de membros", "que/se a pessoa/gente",

		"mi/mis producto/ebook/alumno/estudiante/cliente/comprador/compradore/suscriptor/suscriptore/miembro/afiliado/seguidore/socio/asistente/contador/contadora/coproductor/empleado/lanzamiento/checkout/formulario/programa/club/precio/cupon/negocio/evento",
		"mi/mis area de miembros", "mi/mis equipo/oferta/pagina/lista/comunidad/mentoria/tienda/escuela/venta/audiencia/membresia", "vendo", "vendi", "quiero/puedo/poder/para/empezar/puede vender", "publique", "grabe", "lance mi/un",
		"vender/promocionar/promover/publicar/lanzar/comprar/compra mi/mis", "ventas/venta/precio de mi curso", "crear/registrar/publicar un/mi producto/curso", "cuenta de productor",
		"un/una/cada/otro alumno/alumna/estudiante/cliente/comprador/suscriptor/afiliado", "alumno", "cliente", "comprador", "compradore", "suscriptor", "suscriptore", "coproductor", "quien/quienes/alguien/los que compra/compro/compran/compraron", "que la gente",
	),
	"affiliate": each(
		"my/our affiliate/promo/referral/tracking link/code", "my/our link/hotlink/referral/commission", "affiliate/promo link/code/account", "hotlink", "no/missing commission", "with/from/through/via my link",
		"i promote", "im/i'm/i am promoting/affiliate", "i/i'm/im am/an an/affiliate affiliate", "as an affiliate", "an/become/becoming/being an/affiliate affiliate", "become/becoming/being affiliate", "course/product/products/courses i promote", "products/product/something to promote",
		"sell other peoples", "someone elses product/course", "came from me", "because of me", "i refer/referred/recommend/recommended", "my own link", "promote/recommend/promoting a/other product/products", "asked to promote", "start/begin promoting", "the product owner",

		"sou/ser/virar/viro/sendo afiliado/afiliada", "me/como afiliar/afilio/afiliado/afiliada", "me tornar afiliado/afiliada", "meu/meus link/hotlink/indicado", "pelo meu link", "meu link de afiliado", "minha/minhas comissao/comissoe/indicacao", "meu codigo de afiliado",
		"que/eu divulgo/promovo", "conta de afiliado", "produtos para divulgar/promover", "produto de outra pessoa",

		"soy/ser/hacerme/volverme/hago/siendo afiliado/afiliada", "como afiliado/afiliada", "mi/mis enlace/link/hotlink/referido/comision/comisione", "mi enlace de afiliado", "afiliarme", "me afilio", "mi codigo de afiliado",
		"que/yo promociono/promuevo/recomiendo", "cuenta de afiliado", "productos para promocionar/promover", "producto de otra persona",
	),
}

// each writes out the alternatives of phrases.
func each(phrases ...string) []string {
	var all []string
	for _, phrase := range phrases {
		written := []string{""}
		for word := range strings.FieldsSeq(phrase) {
			var next []string
			for _, before := range written {
				for way := range strings.SplitSeq(word, "/") {
					next = append(next, strings.TrimSpace(before+" "+way))
				}
			}
			written = next
		}
		all = append(all, written...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
