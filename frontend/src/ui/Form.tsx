import type { ComponentProps, ReactElement } from "react";

interface Props extends Omit<ComponentProps<"form">, "onSubmit" | "noValidate"> {
  onSubmit: () => void;
}

/** A form whose values the page itself checks and sends. */
export function Form({ onSubmit, ...rest }: Props): ReactElement {
  return (
    <form
      {...rest}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    />
  );
}
