//! The physics, forwards: a PAM-4 IMDD link with multipath interference
