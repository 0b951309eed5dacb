//! Etalon: composition of the rooms.
