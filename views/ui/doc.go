// Package ui is the console's design system: the parts that pages are made of.
// It knows no domain. Each part takes one props value, works without script,
// and is upgraded by htmx where that helps.
//
//	@ui.PageHead(ui.Head{Title: "Applications", Lede: "What may ask for tokens."}) {
//		@ui.LinkButton(ui.ButtonProps{Kind: ui.Primary, Icon: "plus", Href: "/new"}) {
//			Add
//		}
//	}
//	@ui.ErrorSummary(ui.Errors(f.Invalid, "name", "description"))
//	@ui.TextField(ui.Field{Name: "name", Label: "Name", Value: f.Input.Name, Error: f.Invalid["name"], Check: "/new/check"})
//	@ui.Callout(ui.CalloutProps{Kind: ui.Warn, Title: "It holds no permissions"}) { … }
//	@ui.Dialog(ui.DialogProps{Title: "Disable Payroll?", Icon: "ban", Action: "/…/disable", Submit: "Disable application", Danger: true, Cancel: "/…", Modal: isHTMX}) { … }
//
// The classes are those of static/css/app.css; no part has inline style or script.
package ui
