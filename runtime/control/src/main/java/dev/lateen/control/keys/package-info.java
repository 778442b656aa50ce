/** Keys of issuers of tokens: fetched, refreshed, and kept while their server is away. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.keys;
