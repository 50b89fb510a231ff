package doc

// Break breaks an invariant of a document that is in memory: its next turn panics. Nothing else may go on meanwhile.
func (r *Registry) Break(name string) {
	d := r.entries[name].doc
	d.state.batch = []*Committed{}
	d.knock()
}
