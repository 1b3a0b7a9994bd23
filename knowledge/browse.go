package knowledge

import (
	"cmp"
	"slices"
)

// A Topic is a subject and how many articles it has.
type Topic struct {
	Name  string
	Count int
}

// Topics returns the topics of an audience, by name. An article counts once,
// however many languages it is in. "" means all audiences the asker may see.
func (l *Library) Topics(audience string, lang Lang, private []string) []Topic {
	var topics []Topic
	for _, a := range l.Browse(audience, "", lang, private) {
		i, found := slices.BinarySearchFunc(topics, a.Topic, func(t Topic, name string) int {
			return cmp.Compare(t.Name, name)
		})
		if !found {
			topics = slices.Insert(topics, i, Topic{Name: a.Topic})
		}
		topics[i].Count++
	}
	return topics
}

// Browse returns the articles for an audience on a topic, by title, each in
// lang if it exists, or else in the default language or any. "" means all
// audiences the asker may see, or all topics.
func (l *Library) Browse(audience, topic string, lang Lang, private []string) []*Article {
	v, langs := l.view(private), l.preferred(lang)
	var found []*Article
	for i, a := range v.articles {
		if i > 0 && v.articles[i-1].ID == a.ID {
			continue // another language of the one before
		}
		a, _ := v.article(a.ID, langs)
		if (audience == "" || slices.Contains(a.Audiences, audience)) && (topic == "" || a.Topic == topic) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *Article) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	return found
}
