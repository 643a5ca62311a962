package io.vdi.operator.reaper.activity;

/** What a desktop says of people. */
sealed interface Answer {
  /** So many are connected. */
  record People(int count) implements Answer {}

  /** None, or none that can be understood. */
  record Nothing(String why) implements Answer {}
}
