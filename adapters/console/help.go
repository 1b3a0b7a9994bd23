package console

import (
	"slices"
	"strings"
)

const helpText = `Say a line, and Signpost reads it. In a channel, mention it: @signpost how do refunds work?
  1, or Contact us         press a button: by its number in the newest message, or its label
  /ask QUESTION            ask so that only you see the answer; /ask status shows your tickets
  /ticket queue            work the desk, as an agent: /ticket claim T-1, reply TEXT, resolve
  /as ana                  let ana speak; everyone keeps their own place
  /as bo @role lang:pt-BR  let bo speak, with a role and a language
  /in #help                go to a channel; /in #help/refunds is a thread there; /in dm goes back
  /edit TEXT               change your newest message here
  /delete                  take it back
  /react 👍                 react to it; nothing comes of that here
  /attach bill.pdf 2048    add a file of that many bytes to it; it need not exist
  /wait 90m                let time pass, up to a year: 30s, 8h, 3d, 1d12h
  /cancel                  leave a form unsent
  /help                    show this
  /quit                    leave; so does the end of input, Ctrl-D
`

func (c *Console) help() { c.write(helpText + "\n") }

// banner greets whoever has just started.
func (c *Console) banner() {
	c.notice("Hello! This is Signpost in your terminal. Try: I want my money back")
	desk := ""
	if len(c.o.Agents) > 0 {
		desk = " Working the desk: " + strings.Join(c.o.Agents, ", ") + "; /as " + c.o.Agents[0] + " lets them speak."
	}
	c.notice("/help shows what you can do.%s", desk)
	if c.o.Notice != "" {
		c.notice("%s", c.o.Notice)
	}
	c.write("\n")
}

// unknown says that there is no such command, and which may have been meant.
func (c *Console) unknown(word string) {
	if near := nearest(word); near != "" {
		c.notice("There is no /%s here. Did you mean /%s?", word, near)
		return
	}
	c.notice("There is no /%s here. /help shows what there is.", word)
}

// nearest is the command within two typing errors of word, empty if none is.
func nearest(word string) string {
	best, distance := "", 3
	for _, name := range slices.Concat(own, doors) {
		// With as many errors as letters, anything would be near.
		if d := typos(word, name); d < min(distance, len(name)) {
			best, distance = name, d
		}
	}
	return best
}

// typos is how many letters must be put in, left out, replaced or swapped with
// the next to make a into b.
func typos(a, b string) int {
	if len(a) > len(b)+2 {
		return len(a)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
