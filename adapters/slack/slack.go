// Package slack is the adapter of Slack.
//
// It shows a [chat.Reply] as a message ([Render]) and a [chat.Form] as a modal
// ([View]), within Slack's limits ([Limits]), and reads what people type
// ([Unescape]). Whatever is said comes as plain words and stays so: nothing of
// it formats, links or pings.
package slack
