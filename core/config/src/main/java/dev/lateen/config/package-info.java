/** Every kind Lateen reads, as records: parsing, validation, writing, CRD schemas. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config;
