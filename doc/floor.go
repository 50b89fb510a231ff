package doc

import (
	"cmp"
	"slices"
)

// RaiseFloor moves the floor up, before the store moves it: from now on nothing below it is asked for. It forgets the records of
// clients that are not attached and whose last commits are at or below the floor, the oldest first, while more than keep are left
// (negative: none), and raises the records floor over them. What the store is to forget is returned. It is called between turns,
// and followed by FloorRaised.
//
// A client that is being forgotten is let in, but its submissions wait, by opening again, until the store has forgotten it too:
// a record that it makes anew must not go with the old one.
func (s *State) RaiseFloor(floor Revision, keep int) (forget []ClientID, recordsFloor Revision) {
	s.floor = max(s.floor, floor)
	if s.forgetting == nil {
		s.forgetting = map[ClientID]Record{}
	}
	for _, client := range s.forgettable(keep) {
		r := s.records[client]
		s.recordsFloor = max(s.recordsFloor, r.Rev)
		s.forgetting[client] = r
		delete(s.records, client)
		forget = append(forget, client)
	}
	s.publish()
	return forget, s.recordsFloor
}

// forgettable are the clients whose records may go, so that no more than keep are left.
func (s *State) forgettable(keep int) []ClientID {
	if keep < 0 || len(s.records) <= keep {
		return nil
	}
	attached := map[ClientID]bool{}
	for _, a := range s.sessions {
		attached[a.client] = true
	}
	var clients []ClientID
	for client, r := range s.records {
		// One without a revision has outlived its history: nobody can tell below which floor its client would ask.
		if r.Rev > 0 && r.Rev <= s.floor && !attached[client] {
			clients = append(clients, client)
		}
	}
	slices.SortFunc(clients, func(a, b ClientID) int {
		return cmp.Or(cmp.Compare(s.records[a].Rev, s.records[b].Rev), slices.Compare(a[:], b[:]))
	})
	return clients[:min(len(clients), len(s.records)-keep)]
}

// FloorRaised tells what became of it at the store. Where that does not know the new floor, records are remembered again; the
// floors stay, since they are not below the store's.
func (s *State) FloorRaised(stored bool) {
	if !stored {
		for client, r := range s.forgetting {
			s.records[client] = r
		}
	}
	s.forgetting = nil
}

func (s *State) beingForgotten(client ClientID) bool {
	_, is := s.forgetting[client]
	return is
}
