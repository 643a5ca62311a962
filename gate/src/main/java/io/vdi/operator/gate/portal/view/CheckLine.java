package io.vdi.operator.gate.portal.view;

import io.vdi.operator.gate.portal.view.SessionDetails.Remedy;
import java.util.Optional;

/**
 * A check of a session.
 *
 * @param result in words
 * @param css the class of the result
 * @param observed what was found; its text is empty if it has no translation
 */
public record CheckLine(
    String result, String css, String title, Message observed, Optional<Remedy> remedy) {}
