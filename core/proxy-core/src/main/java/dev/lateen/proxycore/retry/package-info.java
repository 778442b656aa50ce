/** Whether a failed try is made again, and when. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.retry;
