// Package discord is the adapter of Discord.
//
// It shows a [chat.Reply] as a message ([Render]) and a [chat.Form] as a modal
// ([Modal]), within Discord's limits ([Limits]). Whatever is said comes as
// plain words and stays so: nothing of it formats, links or pings.
package discord
