package config

// Advise lists what works only in part as it is configured, with its mend. None
// of it keeps Signpost from starting.
func Advise(c Config) []string {
	var advice []string
	if c.Escalate.After > 0 && c.Discord.On() {
		switch {
		case c.Discord.Mode == "http":
			advice = append(advice, "escalate.after: discord.mode http brings no messages, so nobody can tell whether someone has answered on Discord, "+
				"and no question there becomes a ticket by itself; write discord.mode: gateway")
		case c.Discord.Answers == "reply":
			advice = append(advice, "escalate.after: where questions are answered in the channel itself, nobody can tell whom someone else answers there, "+
				"so on Discord only questions in threads become tickets by themselves; write discord.answers: thread")
		}
	}
	return append(advice, adviseMeaning(c.Knowledge)...)
}
