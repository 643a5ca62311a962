package io.vdi.operator.gate.portal.view;

/**
 * What is used of one limit.
 *
 * @param scope such as {@code you} or {@code namespace desktops}
 * @param amount such as {@code 1 of 4}
 * @param percent from 0 to 100; without a limit 0
 * @param isLimited whether there is a limit
 * @param isFull whether nothing is left
 */
public record UsageLine(
    String scope, String resource, String amount, int percent, boolean isLimited, boolean isFull) {}
