package desk

import "slices"

// An Asking is what decides which desk a question goes to.
type Asking struct {
	Audience string // empty: unclear
	Topic    string // empty: none
	Language string
	Channel  string // where it is asked: platform:workspace:channel
}

// Route picks the desk for a question: the first that wants its audience,
// topic, language and channel, else the first of all. There is at least one
// desk.
func Route(desks []Desk, a Asking) Desk {
	for _, d := range desks {
		if wants(d.Audiences, a.Audience) && wants(d.Topics, a.Topic) &&
			wants(d.Languages, a.Language) && wants(d.From, a.Channel) {
			return d
		}
	}
	return desks[0]
}

func wants(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}
