/// The web pages' files, which the package carries as the resources of this module.
package enum OnsalePages {}
