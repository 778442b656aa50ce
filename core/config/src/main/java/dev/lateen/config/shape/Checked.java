package dev.lateen.config.shape;

/** A record with rules that no single field can carry; asked after each field was found well-typed. */
public interface Checked {
    /** Says what is wrong, by field name relative to this record. */
    void check(Findings findings);
}
