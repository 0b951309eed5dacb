//! Planner and task agents, the plan table and policies
