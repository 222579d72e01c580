//! The dictionary of a layer: each text once, with how many values hold it. A text that none holds any more
//! gives its place to the next.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Texts by number.
#[derive(Default)]
pub struct Texts {
    /// A text, and how many values hold it; none: the place is free.
    places: Vec<(Box<str>, u32)>,
    free: Vec<u32>,
    /// Numbers by their text.
    known: HashTable<u32>,
    state: RandomState,
}

impl Texts {
    /// The text of a number.
    pub fn get(&self, number: u32) -> &str {
        self.places.get(number as usize).map_or("", |(text, _)| text)
    }

    /// The number of a text that one value more holds.
    pub fn hold(&mut self, text: String) -> u32 {
        let hash = self.state.hash_one(text.as_str());
        let (places, state) = (&mut self.places, &self.state);
        if let Some(number) = self.known.find(hash, |known| *places[*known as usize].0 == text) {
            places[*number as usize].1 += 1;
            return *number;
        }
        let place = (text.into_boxed_str(), 1);
        let number = match self.free.pop() {
            Some(number) => {
                places[number as usize] = place;
                number
            }
            None => {
                places.push(place);
                places.len() as u32 - 1
            }
        };
        let rehash = |known: &u32| state.hash_one(&*places[*known as usize].0);
        self.known.insert_unique(hash, number, rehash);
        number
    }

    /// One value less holds the text of a number.
    pub fn release(&mut self, number: u32) {
        let Some((text, holders)) = self.places.get_mut(number as usize) else { return };
        *holders = holders.saturating_sub(1);
        if *holders == 0 {
            let hash = self.state.hash_one(&**text);
            if let Ok(known) = self.known.find_entry(hash, |known| *known == number) {
                known.remove();
                *text = Box::default();
                self.free.push(number);
            }
        }
    }

    /// Bytes that the texts take, about.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.places.iter().map(|(text, _)| text.len()).sum();
        let places = self.places.capacity() * size_of::<(Box<str>, u32)>();
        let numbers = self.free.capacity() * size_of::<u32>();
        texts + places + numbers + self.known.allocation_size()
    }
}
