/**
 * Who a user is and who is an admin, by the same rules in every service; docs/specification.md,
 * section 4. Imports only values of the JDK. Start at {@link
 * io.vdi.operator.common.identity.Identity}.
 */
package io.vdi.operator.common.identity;
