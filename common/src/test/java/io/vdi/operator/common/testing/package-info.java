/**
 * Test support for code that calls the API server. Imports the client of common. Start at {@link
 * io.vdi.operator.common.testing.FakeApiServer}.
 */
package io.vdi.operator.common.testing;
