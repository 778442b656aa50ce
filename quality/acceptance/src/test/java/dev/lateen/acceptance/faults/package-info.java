@org.jspecify.annotations.NullMarked
package dev.lateen.acceptance.faults;
