package rotation

// String names the decision in the messages of tests, which alone print one.
func (d Decision) String() string {
	switch d {
	case Keep:
		return "keep"
	case ReplaceDue:
		return "replace: due"
	case ReplaceDisabled:
		return "replace: disabled"
	case KeepDisabled:
		return "keep: disabled"
	case KeepExpired:
		return "keep: expired"
	case KeepEnding:
		return "keep: ending"
	}
	return "unknown"
}
