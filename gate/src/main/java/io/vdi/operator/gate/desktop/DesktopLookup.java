package io.vdi.operator.gate.desktop;

/** The desktop at a host. */
public sealed interface DesktopLookup {
  record Found(Desktop desktop) implements DesktopLookup {}

  record Unknown() implements DesktopLookup {}

  /** The sessions cannot be known at present, or two of them have the same host. */
  record Undecided(String reason) implements DesktopLookup {}
}
