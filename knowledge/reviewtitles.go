package knowledge

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// hollow are the words by base language that a title may have above any article.
var hollow = map[string]string{
	"en": "faq faqs frequently asked question questions answer answers information info overview introduction intro general help support " +
		"welcome home homepage guide guides tutorial tutorials manual article page untitled title test detail details about learn more read see here other others " +
		"misc miscellaneous tip tips basics getting started start work works working note notes news new update updates important notice " +
		"documentation docs knowledge base center centre topic topics section summary instructions step steps",
	"pt": "faq pergunta perguntas frequentes resposta respostas informação informações visão geral introdução ajuda suporte bem vindo vindos boas vindas início " +
		"guia guias tutorial tutoriais manual artigo página sem título teste detalhe detalhes sobre saiba conheça entenda veja leia mais aqui outro outros outras " +
		"diversos dica dicas básico primeiros passos passo funciona funcionam funcionamento novo novidade novidades atualização atualizações importante aviso " +
		"documentação central base conhecimento tópico resumo instruções dúvida dúvidas",
	"es": "faq pregunta preguntas frecuentes respuesta respuestas información visión general introducción ayuda soporte bienvenido bienvenida inicio " +
		"guía guías tutorial tutoriales manual artículo página sin título prueba detalle detalles acerca sobre saber conoce descubre más lee leer ver aquí otro otros otras " +
		"varios consejo consejos básico primeros pasos paso funciona funcionan funcionamiento nuevo novedad novedades actualización actualizaciones importante aviso " +
		"documentación centro base conocimiento tema resumen instrucciones duda dudas",
}

// hollowTerms are the stems of hollow words; English ones count in any language,
// for many help centres are named in it.
var hollowTerms = func() map[string]map[string]bool {
	terms := map[string]map[string]bool{}
	for base, words := range hollow {
		terms[base] = map[string]bool{}
		for w := range strings.FieldsSeq(words + " " + hollow["en"]) {
			for _, stem := range text.Terms(w, base) {
				terms[base][stem] = true
			}
		}
	}
	return terms
}()

const (
	// A word is worn, and tells as little as the name of the product, that stands in
	// so large a share of the titles of a language, and in so many: in a few titles
	// any word may.
	wornShare, wornTitles = 0.3, 6
	// A title of one word, or two, is lost among so many others that say all of it
	// and more.
	lostOne, lostTwo = 3, 6
)

// A titled is a title as it is judged.
type titled struct {
	article *Article
	words   string   // all of them
	terms   []string // that say something, each once
	plain   bool     // no small word joins them: they name a thing and ask nothing
}

// reviewTitles looks for titles that do not tell their article from others.
func (l *Library) reviewTitles() (list []Finding) {
	byLang := map[string][]titled{}
	for _, a := range l.loaded {
		base := text.Base(string(a.Lang))
		words := text.Words(a.Title)
		t := titled{article: a, words: strings.Join(words, " "), terms: text.Terms(a.Title, string(a.Lang))}
		t.plain = len(t.terms) == len(words)
		slices.Sort(t.terms)
		t.terms = slices.Compact(t.terms)
		byLang[base] = append(byLang[base], t)
	}
	for base, titles := range byLang {
		in := map[string]int{} // how many titles a term is in
		for _, t := range titles {
			for _, term := range t.terms {
				in[term]++
			}
		}
		worn := func(term string) bool {
			return in[term] >= wornTitles && float64(in[term]) >= wornShare*float64(len(titles))
		}
		empty := hollowTerms[base]
		if empty == nil {
			empty = hollowTerms["en"]
		}
		for _, t := range titles {
			if says, hurts := t.judge(titles, worn, empty); says != "" {
				list = append(list, Finding{Kind: HollowTitle, File: t.article.File, Says: inQuotes(t.article.Title) + " " + says, Hurts: hurts})
			}
		}
	}
	return list
}

// judge says what is wrong with a title, and how much that hurts; nothing if it
// will do.
func (t titled) judge(all []titled, worn func(term string) bool, empty map[string]bool) (says string, hurts float64) {
	var telling []string
	names := 0 // of the product, or of what all articles are about
	for _, term := range t.terms {
		switch {
		case !strings.ContainsFunc(term, unicode.IsLetter), empty[term]:
		case worn(term):
			names++
		default:
			telling = append(telling, term)
		}
	}
	var same, wider []*Article
	for _, other := range all {
		switch {
		case other.article.ID == t.article.ID || !overlap(other.article, t.article):
		case other.words == t.words:
			same = append(same, other.article)
		case len(other.terms) > len(t.terms) && !slices.ContainsFunc(t.terms, func(term string) bool {
			_, has := slices.BinarySearch(other.terms, term)
			return !has
		}):
			wider = append(wider, other.article)
		}
	}
	switch {
	case !strings.ContainsFunc(t.words, unicode.IsLetter):
		return "has no word in it.", 1
	case len(same) > 0:
		return fmt.Sprintf("is the title of %s, too.", some(filesOf(same))), 0.9
	case len(telling) == 0 && names == 1:
		return "says no more than most titles do.", 0.8
	case len(telling) == 0 && names == 0:
		return "could stand above any article.", 0.8
	case len(t.terms) == 1 && len(wider) >= lostOne, len(t.terms) == 2 && len(wider) >= lostTwo:
		return fmt.Sprintf("says nothing that %d other titles do not say, too, such as %s.", len(wider), inQuotes(wider[0].Title)), 0.5
	case len(telling) == 1 && t.plain:
		return "names a thing, and not what one learns about it.", 0.3
	}
	return "", 0
}
