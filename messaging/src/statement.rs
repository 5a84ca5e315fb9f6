/// Declares a SQL statement that diesel caches as a prepared statement.
///
/// Diesel prepares raw SQL (`sql_query`), UPDATE and inserts of a `Vec` anew at every call. A type of its own
/// per statement has a static query id, and so a place in the cache. Parameters are named in braces, each
/// exactly once and in the order of the fields.
///
/// ```
/// messaging::statement! {
///     /// Twice a number.
///     pub struct Twice { number: i64 => BigInt } -> (BigInt,)
///     "-- twice
///      SELECT {number} * 2"
/// }
/// # let _ = Twice { number: &21 };
/// ```
///
/// Its name must not be that of an SQL type, such as `Double`. It is run with the methods of `RunQueryDsl`; the row
/// type is that of the SQL types behind the arrow.
#[macro_export]
macro_rules! statement {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $($field:ident : $rust:ty => $sql_type:ty),* $(,)? } -> ($($row:ty),* $(,)?)
        $sql:expr
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        $vis struct $name<'a> {
            $(#[allow(missing_docs)] pub $field: &'a $rust,)*
        }

        const _: () = {
            use $crate::__diesel as diesel;
            #[allow(unused_imports)]
            use diesel::sql_types::*;

            impl diesel::query_builder::QueryId for $name<'_> {
                type QueryId = $name<'static>;
                const HAS_STATIC_QUERY_ID: bool = true;
            }

            impl diesel::query_builder::Query for $name<'_> {
                type SqlType = ($($row,)*);
            }

            impl<C> diesel::query_dsl::RunQueryDsl<C> for $name<'_> {}

            impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name<'_> {
                fn walk_ast<'b>(
                    &'b self,
                    mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
                ) -> diesel::QueryResult<()> {
                    let rest: &'static str = $sql;
                    $(
                        let (head, rest) = rest
                            .split_once(concat!("{", stringify!($field), "}"))
                            .expect(concat!("the statement names {", stringify!($field), "}"));
                        out.push_sql(head);
                        out.push_bind_param::<$sql_type, _>(self.$field)?;
                    )*
                    out.push_sql(rest);
                    Ok(())
                }
            }
        };
    };
}
