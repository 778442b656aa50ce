package dev.lateen.config;

import dev.lateen.config.shape.Findings;

/** A kind's record with rules that need more than the specification: the object's name, namespace or annotations. */
public interface CheckedAsObject {
    /** Says what is wrong, by path from the object's root; asked after the specification was found right by itself. */
    void check(ObjectMeta metadata, Findings findings);
}
