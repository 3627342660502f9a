mod erase;
mod erasures;
