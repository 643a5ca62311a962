package io.vdi.operator.gate.portal.view;

import io.vdi.operator.gate.portal.view.SessionDetails.Remedy;
import java.util.Optional;

/**
 * A check of a session.
 *
 * @param result in words
 * @param css the class of the result
 * @param title in English
 * @param observed in English
 */
public record CheckLine(
    String result, String css, String title, String observed, Optional<Remedy> remedy) {}
